package dev.socratic.trainer.cuda;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.socratic.trainer.cuda.CuBlas.Matrix;
import dev.socratic.trainer.cuda.Gpu.Scratch;
import dev.socratic.trainer.engine.AdamW;
import dev.socratic.trainer.engine.HeadWeight;
import dev.socratic.trainer.engine.Precision;
import dev.socratic.trainer.engine.TokenLoss;
import java.util.Optional;

/** Token losses with the output embedding, and the optimizer: the kernels of {@code head.cu}. */
final class HeadKernels {
    private static final int ROW_THREADS = 1024;
    private static final int THREADS = 256;
    private static final int ROW_BLOCK = 128;

    private final Gpu gpu;

    HeadKernels(Gpu gpu) {
        this.gpu = gpu;
    }

    /** @param scale 0 for the loss alone */
    Optional<TokenLoss> loss(
            NDManager scope, NDArray h, HeadWeight head, NDArray labels, double scale, long logitsAtOnce) {
        NDArray matrix = head.matrix();
        boolean suits = gpu.isCompute(h) && gpu.isCompute(matrix) && gpu.dense(h) && gpu.dense(matrix);
        if (!suits || head.smoothing() > 0 || h.getShape().get(0) == 0) {
            return Optional.empty();
        }
        long rows = h.getShape().get(0);
        long hidden = h.getShape().get(1);
        long vocabulary = matrix.getShape().get(0);
        long atOnce = Math.min(rows, Math.max(1, logitsAtOnce / vocabulary / ROW_BLOCK * ROW_BLOCK));
        NDArray sum = scope.create(new Shape(), DataType.FLOAT64, h.getDevice());
        NDArray gradient = scale == 0 ? null : gpu.empty(scope, gpu.compute(), rows, hidden);
        long itemBytes = gpu.compute().bytes();
        Matrix table = new Matrix(gpu.address(matrix), hidden, gpu.compute());
        try (Scratch logits = gpu.scratch(gpu.compute(), atOnce * vocabulary);
                Scratch losses = gpu.scratch(Precision.FLOAT32, rows)) {
            Matrix z = new Matrix(logits.address(), vocabulary, gpu.compute());
            for (long at = 0; at < rows; at += atOnce) {
                long now = Math.min(atOnce, rows - at);
                Matrix part = new Matrix(gpu.address(h) + at * hidden * itemBytes, hidden, gpu.compute());
                gpu.blas().timesTransposed(part, table, z, now, vocabulary, hidden, 1, 0);
                gpu.kernel("cross_entropy")
                        .pointer(logits.address())
                        .pointer(gpu.address(labels) + at * Long.BYTES)
                        .pointer(losses.address() + at * Float.BYTES)
                        .integer((int) vocabulary)
                        .real(head.softcap())
                        .real(scale)
                        .over(now, 1, ROW_THREADS);
                if (gradient != null) {
                    Matrix dPart = new Matrix(gpu.address(gradient) + at * hidden * itemBytes, hidden, gpu.compute());
                    gpu.blas().times(z, table, dPart, now, hidden, vocabulary, 1, 0);
                }
            }
            gpu.kernel("total")
                    .pointer(losses.address())
                    .pointer(gpu.address(sum))
                    .integer((int) rows)
                    .over(1, 1, THREADS);
        }
        return Optional.of(new TokenLoss(sum, gradient));
    }

    void adamw(NDArray parameters, NDArray gradients, NDArray firstMoment, NDArray secondMoment, AdamW settings) {
        double size = settings.learningRate() / (1 - Math.pow(AdamW.BETA1, settings.step()));
        gpu.kernel("adamw")
                .pointer(gpu.address(parameters))
                .pointer(gpu.address(gradients))
                .pointer(gpu.address(firstMoment))
                .pointer(gpu.address(secondMoment))
                .wide(parameters.getShape().size())
                .real(settings.gradientScale())
                .real(1 - settings.learningRate() * settings.weightDecay())
                .real(AdamW.BETA1)
                .real(AdamW.BETA2)
                .real(size)
                .real(Math.sqrt(1 - Math.pow(AdamW.BETA2, settings.step())))
                .real(AdamW.EPSILON)
                .overItems(parameters.getShape().size(), THREADS);
    }
}
