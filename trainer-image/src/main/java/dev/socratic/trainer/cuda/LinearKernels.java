package dev.socratic.trainer.cuda;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.socratic.trainer.cuda.CuBlas.Matrix;
import dev.socratic.trainer.cuda.Gpu.Scratch;
import dev.socratic.trainer.engine.Dropout;
import dev.socratic.trainer.engine.Linear;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Linear layers that read the same x: one product with the weights of all of them, one result of which each layer's
 * output is a range of columns, and the adapters' share on top.
 */
final class LinearKernels {
    private static final int THREADS = 256;

    private final Gpu gpu;
    private final FrozenWeights weights;
    private final AdapterProducts adapters;

    LinearKernels(Gpu gpu, FrozenWeights weights) {
        this.gpu = gpu;
        this.weights = weights;
        this.adapters = new AdapterProducts(gpu);
    }

    private boolean suits(Optional<NDArray> x, List<Linear> linears) {
        return x.map(this::isDense).orElse(true)
                && linears.stream().allMatch(linear -> linear.compute() == gpu.compute())
                && weights.suit(linears)
                && adapters.suit(linears);
    }

    private boolean isDense(NDArray x) {
        return gpu.isCompute(x) && x.getShape().dimension() == 2 && gpu.dense(x);
    }

    Optional<List<NDArray>> project(NDManager scope, NDArray x, List<Linear> linears, Dropout dropout) {
        if (!suits(Optional.of(x), linears)) {
            return Optional.empty();
        }
        long rows = x.getShape().get(0);
        long inputs = x.getShape().get(1);
        long outputs = outputs(linears);
        NDArray y = gpu.empty(scope, gpu.compute(), rows, outputs);
        Matrix result = new Matrix(gpu.address(y), outputs, gpu.compute());
        Matrix input = new Matrix(gpu.address(x), inputs, gpu.compute());
        multiply(input, linears, result, rows, inputs);
        addBiases(linears, result, rows);
        adapters.forward(input, linears, dropout, rows, result);
        return Optional.of(linears.size() == 1 ? List.of(y) : parts(scope, y, linears));
    }

    private void multiply(Matrix input, List<Linear> linears, Matrix result, long rows, long inputs) {
        FrozenWeights.Matrices matrices = weights.forward(linears);
        if (matrices.all().isPresent()) {
            Matrix all = matrices.all().get();
            gpu.blas().timesTransposed(input, all, result, rows, outputs(linears), inputs, 1, 0);
            return;
        }
        long at = result.address();
        for (int i = 0; i < linears.size(); i++) {
            long columns = linears.get(i).weight().rows();
            Matrix part = new Matrix(at, result.stride(), gpu.compute());
            gpu.blas().timesTransposed(input, matrices.each().get(i), part, rows, columns, inputs, 1, 0);
            at += columns * gpu.compute().bytes();
        }
    }

    private List<NDArray> parts(NDManager scope, NDArray y, List<Linear> linears) {
        List<NDArray> parts = new ArrayList<>();
        long at = 0;
        for (Linear linear : linears) {
            long columns = linear.weight().rows();
            parts.add(gpu.columns(scope, y, at, columns));
            at += columns;
        }
        // the parts hold the memory
        y.close();
        return parts;
    }

    private void addBiases(List<Linear> linears, Matrix result, long rows) {
        long at = 0;
        for (Linear linear : linears) {
            long columns = linear.weight().rows();
            if (linear.bias().isPresent()) {
                NDArray bias = linear.bias().get();
                gpu.kernel("bias_" + gpu.letter(bias))
                        .pointer(result.address() + at * gpu.compute().bytes())
                        .pointer(gpu.address(bias))
                        .wide(rows * columns)
                        .integer((int) columns)
                        .integer((int) result.stride())
                        .overItems(rows * columns, THREADS);
            }
            at += columns;
        }
    }

    Optional<NDArray> backward(
            NDManager scope, Optional<NDArray> x, List<Linear> linears, Dropout dropout, List<NDArray> dys) {
        if (!suits(x, linears) || dys.stream().anyMatch(dy -> gpu.letter(dy) == '?' || gpu.rowStride(dy) < 0)) {
            return Optional.empty();
        }
        long rows = dys.get(0).getShape().get(0);
        long inputs = linears.get(0).weight().columns();
        NDArray dx = gpu.empty(scope, gpu.compute(), rows, inputs);
        Matrix result = new Matrix(gpu.address(dx), inputs, gpu.compute());
        List<Scratch> casts = new ArrayList<>();
        try {
            List<Matrix> gradients =
                    dys.stream().map(dy -> gradient(dy, rows, casts)).toList();
            multiplyBack(gradients, linears, result, rows, inputs);
            if (x.isPresent()) {
                Matrix input = new Matrix(gpu.address(x.get()), inputs, gpu.compute());
                adapters.backward(input, linears, dropout, gradients, rows, result);
            }
        } finally {
            casts.forEach(Scratch::close);
        }
        return Optional.of(dx);
    }

    private void multiplyBack(List<Matrix> gradients, List<Linear> linears, Matrix result, long rows, long inputs) {
        FrozenWeights.Matrices matrices = weights.backward(linears);
        if (matrices.all().isPresent() && sideBySide(gradients, linears)) {
            Matrix all = matrices.all().get();
            gpu.blas().times(gradients.get(0), all, result, rows, inputs, outputs(linears), 1, 0);
            return;
        }
        for (int i = 0; i < linears.size(); i++) {
            long outputs = linears.get(i).weight().rows();
            Matrix weight = matrices.each().get(i);
            gpu.blas().times(gradients.get(i), weight, result, rows, inputs, outputs, 1, i == 0 ? 0 : 1);
        }
    }

    private Matrix gradient(NDArray dy, long rows, List<Scratch> casts) {
        if (gpu.isCompute(dy)) {
            return new Matrix(gpu.address(dy), gpu.rowStride(dy), gpu.compute());
        }
        long columns = dy.getShape().get(1);
        Scratch cast = gpu.scratch(gpu.compute(), rows * columns);
        casts.add(cast);
        new Casts(gpu).add(gpu.address(dy), 0, rows * columns).into(cast.address());
        return new Matrix(cast.address(), columns, gpu.compute());
    }

    private boolean sideBySide(List<Matrix> gradients, List<Linear> linears) {
        for (int i = 1; i < gradients.size(); i++) {
            Matrix before = gradients.get(i - 1);
            Matrix here = gradients.get(i);
            long width = linears.get(i - 1).weight().rows() * gpu.compute().bytes();
            if (here.stride() != before.stride() || here.address() != before.address() + width) {
                return false;
            }
        }
        return true;
    }

    private static long outputs(List<Linear> linears) {
        return linears.stream().mapToLong(linear -> linear.weight().rows()).sum();
    }
}
