package dev.socratic.trainer.cuda;

import ai.djl.ndarray.NDArray;
import dev.socratic.trainer.cuda.CuBlas.Matrix;
import dev.socratic.trainer.cuda.Gpu.Scratch;
import dev.socratic.trainer.engine.Dropout;
import dev.socratic.trainer.engine.Linear;
import dev.socratic.trainer.engine.LoraFactors;
import dev.socratic.trainer.engine.Precision;
import java.util.ArrayList;
import java.util.List;

/**
 * LoRA in the compute type for layers that read the same x, each dropping out x by a mask of its own: with
 * d = dropout(x), u = d A^T, v = scaling * dy B,
 *
 * <pre>
 *   y += scaling * u B^T;   dB += scaling * dy^T u;   dA += v^T d;   dx += mask * (v A)
 * </pre>
 *
 * Masks follow from seed and position, so that none is stored.
 */
final class AdapterProducts {
    private static final int THREADS = 256;
    private static final int MOST = 4;
    private static final int VALUES_A_THREAD = 8;
    private static final int RANDOM_RANGE = 1 << 16;

    private final Gpu gpu;

    AdapterProducts(Gpu gpu) {
        this.gpu = gpu;
    }

    boolean suit(List<Linear> linears) {
        List<LoraFactors> factors =
                linears.stream().flatMap(linear -> linear.lora().stream()).toList();
        return factors.size() <= MOST
                && factors.stream().allMatch(each -> each.magnitude().isEmpty())
                && linears.stream().allMatch(linear -> linear.biasGradient().isEmpty())
                && factors.stream()
                        .allMatch(each -> gpu.letter(gpu.frozen(each.a())) == 'f' || gpu.compute() == Precision.FLOAT32)
                && factors.stream()
                                .mapToLong(each -> each.a().getShape().get(0))
                                .distinct()
                                .count()
                        <= 1;
    }

    /** An adapted layer: its place among all and the column where its outputs begin. */
    private record Adapted(LoraFactors factors, int index, long column, long outputs, long b) {}

    /**
     * The adapters of a group and their factors in the compute type: all A behind one another, then all B.
     *
     * @param b of each {@link Adapted} is the element where its B begins
     */
    private record Group(List<Adapted> layers, long rank, long inputs, Scratch factors) implements AutoCloseable {
        @Override
        public void close() {
            factors.close();
        }
    }

    private Group group(List<Linear> linears) {
        List<Adapted> layers = new ArrayList<>();
        long column = 0;
        long rank = 0;
        long inputs = linears.get(0).weight().columns();
        long count =
                linears.stream().filter(linear -> linear.lora().isPresent()).count();
        long size = 0;
        for (int i = 0; i < linears.size(); i++) {
            long outputs = linears.get(i).weight().rows();
            if (linears.get(i).lora().isPresent()) {
                LoraFactors factors = linears.get(i).lora().get();
                rank = factors.a().getShape().get(0);
                size = size == 0 ? count * rank * inputs : size;
                layers.add(new Adapted(factors, i, column, outputs, size));
                size += outputs * rank;
            }
            column += outputs;
        }
        Scratch scratch = gpu.scratch(gpu.compute(), size);
        Casts casts = new Casts(gpu);
        for (int i = 0; i < layers.size(); i++) {
            Adapted layer = layers.get(i);
            casts.add(gpu.address(gpu.frozen(layer.factors.a())), i * rank * inputs, rank * inputs);
            casts.add(gpu.address(gpu.frozen(layer.factors.b())), layer.b, layer.outputs * rank);
        }
        casts.into(scratch.address());
        return new Group(layers, rank, inputs, scratch);
    }

    private static boolean none(List<Linear> linears) {
        return linears.stream().allMatch(linear -> linear.lora().isEmpty());
    }

    void forward(Matrix x, List<Linear> linears, Dropout dropout, long rows, Matrix y) {
        if (none(linears)) {
            return;
        }
        try (Group group = group(linears)) {
            int count = group.layers.size();
            try (Scratch dropped = dropped(x, group, dropout, rows);
                    Scratch low = gpu.scratch(gpu.compute(), count * rows * group.rank)) {
                lower(x, group, dropped, low, rows);
                for (int i = 0; i < count; i++) {
                    Adapted layer = group.layers.get(i);
                    gpu.blas()
                            .timesTransposed(
                                    at(low, i * rows * group.rank, group.rank),
                                    at(group.factors, layer.b, group.rank),
                                    new Matrix(address(y, layer.column), y.stride(), gpu.compute()),
                                    rows,
                                    layer.outputs,
                                    group.rank,
                                    layer.factors.scaling(),
                                    1);
                }
            }
        }
    }

    void backward(Matrix x, List<Linear> linears, Dropout dropout, List<Matrix> dys, long rows, Matrix dx) {
        if (none(linears)) {
            return;
        }
        try (Group group = group(linears)) {
            int count = group.layers.size();
            long rank = group.rank;
            long inputs = group.inputs;
            try (Scratch dropped = dropped(x, group, dropout, rows);
                    Scratch low = gpu.scratch(gpu.compute(), count * rows * rank);
                    Scratch gradients = gpu.scratch(gpu.compute(), count * rows * rank)) {
                lower(x, group, dropped, low, rows);
                for (int i = 0; i < count; i++) {
                    Adapted layer = group.layers.get(i);
                    Matrix dy = dys.get(layer.index);
                    double scaling = layer.factors.scaling();
                    Matrix u = at(low, i * rows * rank, rank);
                    Matrix v = at(gradients, i * rows * rank, rank);
                    Matrix d = dropped == null ? x : at(dropped, i * rows * inputs, inputs);
                    gpu.blas().times(dy, at(group.factors, layer.b, rank), v, rows, rank, layer.outputs, scaling, 0);
                    Matrix db = floats(layer.factors.bGradient(), rank);
                    gpu.blas().transposedTimes(dy, u, db, layer.outputs, rank, rows, scaling, 1);
                    Matrix da = floats(layer.factors.aGradient(), inputs);
                    gpu.blas().transposedTimes(v, d, da, rank, inputs, rows, 1, 1);
                    if (dropped == null) {
                        Matrix a = at(group.factors, i * rank * inputs, inputs);
                        gpu.blas().times(v, a, dx, rows, inputs, rank, 1, 1);
                    }
                }
                if (dropped != null) {
                    raise(group, gradients, dropped, dropout, rows, dx);
                }
            }
        }
    }

    /** dx += mask * (v A); the dropped inputs are not needed any more and give their memory. */
    private void raise(Group group, Scratch gradients, Scratch memory, Dropout dropout, long rows, Matrix dx) {
        long rank = group.rank;
        long inputs = group.inputs;
        int count = group.layers.size();
        Matrix v = new Matrix(gradients.address(), rank, gpu.compute(), rows * rank);
        Matrix a = new Matrix(group.factors.address(), inputs, gpu.compute(), rank * inputs);
        Matrix share = new Matrix(memory.address(), inputs, gpu.compute(), rows * inputs);
        gpu.blas().eachTimes(count, v, a, share, rows, inputs, rank);
        Launch launch = gpu.kernel("dropout_backward").pointer(memory.address()).pointer(dx.address());
        masks(launch, group, dropout, rows * inputs);
    }

    /** x once for each adapter, dropped out; null where nothing is dropped. */
    private Scratch dropped(Matrix x, Group group, Dropout dropout, long rows) {
        if (dropout.probability() == 0) {
            return null;
        }
        long size = rows * group.inputs;
        Scratch copies = gpu.scratch(gpu.compute(), group.layers.size() * size);
        masks(gpu.kernel("dropout").pointer(x.address()).pointer(copies.address()), group, dropout, size);
        return copies;
    }

    private void masks(Launch launch, Group group, Dropout dropout, long size) {
        launch.wide(size).integer(group.layers.size());
        for (int i = 0; i < MOST; i++) {
            boolean there = i < group.layers.size();
            launch.wide(there ? dropout.part(group.layers.get(i).index).seed() : 0);
        }
        launch.integer((int) Math.round(dropout.probability() * RANDOM_RANGE))
                .real(1 / (1 - dropout.probability()))
                .overItems((size + VALUES_A_THREAD - 1) / VALUES_A_THREAD, THREADS);
    }

    /** u = d A^T for each adapter. */
    private void lower(Matrix x, Group group, Scratch dropped, Scratch low, long rows) {
        long inputs = group.inputs;
        Matrix d = dropped == null
                ? new Matrix(x.address(), inputs, gpu.compute(), 0)
                : new Matrix(dropped.address(), inputs, gpu.compute(), rows * inputs);
        Matrix a = new Matrix(group.factors.address(), inputs, gpu.compute(), group.rank * inputs);
        Matrix u = new Matrix(low.address(), group.rank, gpu.compute(), rows * group.rank);
        gpu.blas().eachTimesTransposed(group.layers.size(), d, a, u, rows, group.rank, inputs);
    }

    private Matrix at(Scratch scratch, long element, long stride) {
        return new Matrix(scratch.address() + element * gpu.compute().bytes(), stride, gpu.compute());
    }

    private long address(Matrix matrix, long column) {
        return matrix.address() + column * gpu.compute().bytes();
    }

    private Matrix floats(NDArray array, long stride) {
        return new Matrix(gpu.address(gpu.frozen(array)), stride, Precision.FLOAT32);
    }
}
