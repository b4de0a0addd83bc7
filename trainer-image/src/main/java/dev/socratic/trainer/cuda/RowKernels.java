package dev.socratic.trainer.cuda;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.socratic.trainer.engine.NormWeight;
import dev.socratic.trainer.engine.Precision;
import dev.socratic.trainer.engine.Rotary;
import java.util.Optional;
import java.util.Set;

/** Normalization, residual connection and rotary embedding: the kernels of {@code rows.cu}. */
final class RowKernels {
    private static final int MOST_THREADS = 256;
    private static final int WARP = 32;
    private static final int AT_ONCE = 4;
    private static final Set<String> FORWARD = Set.of("fft", "tft", "ttt");
    private static final Set<String> BACKWARD = Set.of("fft", "tff", "tft", "ttt");
    private static final Set<String> RESIDUAL = Set.of("ftf", "ttt");

    private final Gpu gpu;

    RowKernels(Gpu gpu) {
        this.gpu = gpu;
    }

    private String letters(NDArray a, NDArray b, NDArray c) {
        return "" + gpu.letter(a) + gpu.letter(b) + gpu.letter(c);
    }

    Optional<NDArray> norm(NDManager scope, NDArray x, NormWeight norm) {
        String letters = "" + gpu.letter(x) + gpu.letter(gpu.frozen(norm.weight()))
                + (norm.output() == gpu.compute() ? 't' : '?');
        if (!FORWARD.contains(letters) || !gpu.dense(x)) {
            return Optional.empty();
        }
        long columns = columns(x);
        NDArray y = gpu.empty(scope, gpu.compute(), x.getShape().getShape());
        gpu.kernel("norm_forward_" + letters)
                .pointer(gpu.address(x))
                .pointer(gpu.address(norm.weight()))
                .pointer(gpu.address(y));
        launch(x, columns, norm);
        return Optional.of(y);
    }

    Optional<NDArray> normBackward(NDManager scope, NDArray x, NormWeight norm, NDArray dy, Optional<NDArray> past) {
        String letters = letters(x, gpu.frozen(norm.weight()), dy);
        boolean pastFits = past.isEmpty() || gpu.letter(past.get()) == letters.charAt(0) && gpu.dense(past.get());
        if (!BACKWARD.contains(letters) || !gpu.dense(x) || !gpu.dense(dy) || !pastFits) {
            return Optional.empty();
        }
        NDArray dx = gpu.empty(scope, type(letters.charAt(0)), x.getShape().getShape());
        gpu.kernel("norm_backward_" + letters)
                .pointer(gpu.address(x))
                .pointer(gpu.address(norm.weight()))
                .pointer(gpu.address(dy))
                .pointer(past.map(gpu::address).orElse(0L))
                .pointer(gpu.address(dx));
        launch(x, columns(x), norm);
        return Optional.of(dx);
    }

    /** x + norm(branch), or x + branch. */
    Optional<NDArray> residual(NDManager scope, NDArray x, NDArray branch, Optional<NormWeight> norm) {
        char weight = norm.map(n -> gpu.letter(gpu.frozen(n.weight()))).orElse(gpu.letter(x));
        String letters = "" + gpu.letter(x) + gpu.letter(branch) + weight;
        if (!RESIDUAL.contains(letters) || !gpu.dense(x) || !gpu.dense(branch)) {
            return Optional.empty();
        }
        NDArray y = gpu.empty(scope, type(letters.charAt(0)), x.getShape().getShape());
        gpu.kernel("residual_" + letters)
                .pointer(gpu.address(x))
                .pointer(gpu.address(branch))
                .pointer(norm.map(n -> gpu.address(n.weight())).orElse(0L))
                .pointer(gpu.address(y));
        launch(x, columns(x), norm.orElse(null));
        return Optional.of(y);
    }

    /** The launch that the pointers were put down for. */
    private void launch(NDArray x, long columns, NormWeight norm) {
        gpu.current()
                .integer((int) columns)
                .real(norm == null ? 0 : norm.epsilon())
                .integer(norm != null && norm.scale() == NormWeight.Scale.ONE_PLUS_WEIGHT ? 1 : 0)
                .over(x.getShape().size() / columns, 1, threads(columns / AT_ONCE));
    }

    /** Whole warps among which the items of a row are divided evenly. */
    private static int threads(long items) {
        long rounds = Math.max(1, (items + MOST_THREADS - 1) / MOST_THREADS);
        return (int) Math.max(WARP, ((items + rounds - 1) / rounds + WARP - 1) / WARP * WARP);
    }

    /** @param direction 1 turns, -1 turns back */
    Optional<NDArray> rope(NDManager scope, NDArray x, Rotary rotary, int direction) {
        Shape shape = x.getShape();
        Shape table = rotary.cos().getShape();
        long length = shape.get(1);
        long width = shape.get(3);
        long stride = gpu.tokenStride(x);
        boolean wholeHeads =
                table.get(table.dimension() - 1) == width && (table.get(0) == 1 || table.get(0) == shape.get(0));
        char tables = gpu.letter(rotary.cos());
        if (!gpu.isCompute(x) || tables == '?' || !wholeHeads || stride < 0) {
            return Optional.empty();
        }
        int atOnce = width % (2 * AT_ONCE) == 0 && stride % AT_ONCE == 0 ? AT_ONCE : 1;
        gpu.kernel("rope_t" + tables)
                .pointer(gpu.address(x))
                .pointer(gpu.address(rotary.cos()))
                .pointer(gpu.address(rotary.sin()))
                .integer((int) shape.get(2))
                .integer((int) width / 2)
                .integer((int) stride)
                .integer((int) (table.get(0) * length))
                .real(direction)
                .integer(atOnce)
                .over(shape.get(0) * length, 1, threads(shape.get(2) * width / 2 / atOnce));
        NDArray turned = x.reshape(shape);
        turned.attach(scope);
        return Optional.of(turned);
    }

    private Precision type(char letter) {
        return letter == 't' ? gpu.compute() : Precision.FLOAT32;
    }

    private static long columns(NDArray x) {
        Shape shape = x.getShape();
        return shape.get(shape.dimension() - 1);
    }
}
