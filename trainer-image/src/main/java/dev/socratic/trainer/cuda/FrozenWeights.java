package dev.socratic.trainer.cuda;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.socratic.trainer.cuda.CuBlas.Matrix;
import dev.socratic.trainer.cuda.Gpu.Scratch;
import dev.socratic.trainer.engine.Linear;
import dev.socratic.trainer.engine.Precision;
import dev.socratic.trainer.engine.Weight;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The frozen matrices of layers that read the same input, in the compute type. Quantized ones are dequantized below one
 * another, for one use, or once and for all as far as the device has bytes to spare for that; others are where they are.
 */
final class FrozenWeights {
    private static final int MOST = 3;
    private static final int THREADS = 256;
    private static final int VALUES_A_THREAD = 16;

    private final Gpu gpu;
    private final NDManager owner;
    private final Map<Weight, NDArray> kept = new IdentityHashMap<>();
    private long spareBytes;
    private Scratch room;
    private long roomElements;

    FrozenWeights(Gpu gpu, NDManager owner) {
        this.gpu = gpu;
        this.owner = owner;
    }

    /** Bytes that may be spent on keeping matrices dequantized. */
    void spare(long bytes) {
        spareBytes = bytes;
    }

    /**
     * Until the next weights are asked for.
     *
     * @param all [outputs of all, inputs], where the matrices are below one another
     * @param each [outputs, inputs] of every layer
     */
    record Matrices(Optional<Matrix> all, List<Matrix> each) {
        private static Matrices joined(Matrix all, List<Linear> linears) {
            List<Matrix> each = new ArrayList<>();
            long row = 0;
            for (Linear linear : linears) {
                long bytes = row * all.stride() * all.type().bytes();
                each.add(new Matrix(all.address() + bytes, all.stride(), all.type()));
                row += linear.weight().rows();
            }
            return new Matrices(Optional.of(all), each);
        }
    }

    /** Memory that every dequantization on this device writes to, one after the other. */
    private Scratch room(long elements) {
        if (room == null || roomElements < elements) {
            if (room != null) {
                room.close();
            }
            room = gpu.scratch(gpu.compute(), elements);
            roomElements = elements;
        }
        return room;
    }

    boolean suit(List<Linear> linears) {
        return linears.stream().allMatch(this::isDense)
                || linears.size() <= MOST && linears.stream().allMatch(linear -> linear.weight() instanceof Weight.Nf4);
    }

    private boolean isDense(Linear linear) {
        return linear.weight() instanceof Weight.Dense dense
                && gpu.isCompute(dense.matrix())
                && gpu.dense(dense.matrix());
    }

    Matrices forward(List<Linear> linears) {
        return matrices(linears, 0);
    }

    /** As bitsandbytes, the backward pass rounds values to the type that was quantized first. */
    Matrices backward(List<Linear> linears) {
        boolean rounds = linears.get(0).weight() instanceof Weight.Nf4 nf4 && rounds(nf4);
        return matrices(
                linears,
                rounds ? ((Weight.Nf4) linears.get(0).weight()).source().ordinal() : 0);
    }

    private Matrices matrices(List<Linear> linears, int source) {
        if (linears.get(0).weight() instanceof Weight.Nf4) {
            return Matrices.joined(joined(linears, source), linears);
        }
        List<Matrix> each = linears.stream()
                .map(linear -> ((Weight.Dense) linear.weight()).matrix())
                .map(matrix -> new Matrix(gpu.address(matrix), matrix.getShape().get(1), gpu.compute()))
                .toList();
        return new Matrices(each.size() == 1 ? Optional.of(each.get(0)) : Optional.empty(), each);
    }

    private boolean rounds(Weight.Nf4 nf4) {
        return nf4.source() != gpu.compute() && nf4.source() != Precision.FLOAT32;
    }

    private Matrix joined(List<Linear> linears, int source) {
        Weight first = linears.get(0).weight();
        long columns = first.columns();
        NDArray known = source == 0 ? kept.get(first) : null;
        if (known != null) {
            return new Matrix(gpu.address(known), columns, gpu.compute());
        }
        long rows = linears.stream().mapToLong(linear -> linear.weight().rows()).sum();
        long bytes = rows * columns * gpu.compute().bytes();
        if (source == 0 && bytes <= spareBytes) {
            spareBytes -= bytes;
            NDArray matrix = gpu.empty(owner, gpu.compute(), rows, columns);
            kept.put(first, matrix);
            dequantize(linears, gpu.address(matrix), 0);
            return new Matrix(gpu.address(matrix), columns, gpu.compute());
        }
        Scratch scratch = room(rows * columns);
        dequantize(linears, scratch.address(), source);
        return new Matrix(scratch.address(), columns, gpu.compute());
    }

    private void dequantize(List<Linear> linears, long target, int source) {
        Launch launch = gpu.kernel("dequantize");
        long at = 0;
        long longest = 0;
        for (int i = 0; i < MOST; i++) {
            long elements = 0;
            if (i < linears.size()) {
                Weight.Nf4 nf4 = (Weight.Nf4) linears.get(i).weight();
                elements = nf4.rows() * nf4.columns();
                List<NDArray> storage = nf4.storage();
                boolean nested = storage.size() > 2;
                launch.pointer(gpu.address(gpu.frozen(storage.get(0))))
                        .pointer(nested ? 0 : gpu.address(gpu.frozen(storage.get(1))))
                        .pointer(nested ? gpu.address(gpu.frozen(storage.get(1))) : 0)
                        .pointer(nested ? gpu.address(gpu.frozen(storage.get(2))) : 0)
                        .pointer(nested ? gpu.address(gpu.frozen(storage.get(3))) : 0);
            } else {
                launch.pointer(0).pointer(0).pointer(0).pointer(0).pointer(0);
            }
            launch.wide(at).wide(elements);
            at += elements;
            longest = Math.max(longest, elements);
        }
        Weight.Nf4Tables tables = ((Weight.Nf4) linears.get(0).weight()).tables();
        long threads = (longest + VALUES_A_THREAD - 1) / VALUES_A_THREAD;
        launch.pointer(gpu.address(gpu.frozen(tables.pairs())))
                .pointer(gpu.address(gpu.frozen(tables.dynamicMap())))
                .pointer(target)
                .integer(source)
                .over((threads + THREADS - 1) / THREADS, linears.size(), THREADS);
    }
}
