package dev.socratic.trainer.cuda;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.socratic.trainer.engine.Activation;
import java.util.List;
import java.util.Optional;

/** The gate of a gated MLP: the kernels of {@code gate.cu}. */
final class GateKernels {
    private static final int THREADS = 256;
    private static final int AT_ONCE = 4;
    /** Of a grid in its second dimension. */
    private static final int MOST_ROWS = 65_535;

    private final Gpu gpu;

    GateKernels(Gpu gpu) {
        this.gpu = gpu;
    }

    private boolean suits(NDArray gate, NDArray up) {
        return gpu.isCompute(gate)
                && gpu.isCompute(up)
                && gpu.rowStride(gate) > 0
                && gpu.rowStride(gate) == gpu.rowStride(up);
    }

    Optional<NDArray> forward(NDManager scope, NDArray gate, NDArray up, Activation activation) {
        if (!suits(gate, up)) {
            return Optional.empty();
        }
        long rows = gate.getShape().get(0);
        long columns = gate.getShape().get(1);
        long stride = gpu.rowStride(gate);
        int width = width(columns, stride);
        NDArray product = gpu.empty(scope, gpu.compute(), rows, columns);
        gpu.kernel("gate_forward")
                .pointer(gpu.address(gate))
                .pointer(gpu.address(up))
                .pointer(gpu.address(product))
                .integer((int) rows)
                .integer((int) columns)
                .integer((int) stride)
                .integer(activation.ordinal())
                .integer(width)
                .over((columns / width + THREADS - 1) / THREADS, (int) Math.min(rows, MOST_ROWS), THREADS);
        return Optional.of(product);
    }

    /** The gradients by gate and up take their places: side by side, so that one product takes both further. */
    Optional<List<NDArray>> backward(NDManager scope, NDArray gate, NDArray up, Activation activation, NDArray dy) {
        if (!suits(gate, up) || !gpu.isCompute(dy) || !gpu.dense(dy)) {
            return Optional.empty();
        }
        long rows = gate.getShape().get(0);
        long columns = gate.getShape().get(1);
        long stride = gpu.rowStride(gate);
        int width = width(columns, stride);
        gpu.kernel("gate_backward")
                .pointer(gpu.address(gate))
                .pointer(gpu.address(up))
                .pointer(gpu.address(dy))
                .integer((int) rows)
                .integer((int) columns)
                .integer((int) stride)
                .integer(activation.ordinal())
                .integer(width)
                .over((columns / width + THREADS - 1) / THREADS, (int) Math.min(rows, MOST_ROWS), THREADS);
        return Optional.of(List.of(gpu.columns(scope, gate, 0, columns), gpu.columns(scope, up, 0, columns)));
    }

    private static int width(long columns, long stride) {
        return columns % AT_ONCE == 0 && stride % AT_ONCE == 0 ? AT_ONCE : 1;
    }
}
