package dev.socratic.trainer.cuda;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.socratic.trainer.engine.Intake;
import dev.socratic.trainer.engine.Precision;
import dev.socratic.trainer.quant.Nf4;

/**
 * Reads a file into one of two page-locked buffers while the device takes what is in the other one: the kernels of
 * {@code intake.cu}.
 */
final class StreamedIntake implements Intake {
    private static final int THREADS = 256;
    /** Numbers that a thread takes. */
    private static final int AT_ONCE = 8;
    /** Of a buffer. Whole blocks in each type. */
    private static final int BYTES = 1 << 23;

    private final Gpu gpu;
    private final NDManager root;
    private final PinnedBuffer[] buffers;
    private int turn;

    StreamedIntake(Gpu gpu, NDManager root) {
        this.gpu = gpu;
        this.root = root;
        this.buffers = new PinnedBuffer[] {gpu.pinned(BYTES), gpu.pinned(BYTES)};
    }

    @Override
    public void fill(Numbers numbers, NDArray target) {
        Precision kept = gpu.type(target);
        long address = gpu.address(target);
        inParts(
                numbers,
                (buffer, first, count) -> gpu.kernel("take_numbers")
                        .pointer(buffer)
                        .pointer(address + first * kept.bytes())
                        .wide(count)
                        .integer(numbers.stored().ordinal())
                        .integer(numbers.rounded().ordinal())
                        .integer(kept.ordinal()));
    }

    @Override
    public float[] quantize(Numbers numbers, NDArray packed) {
        float[] thresholds = Nf4.thresholds();
        long codes = gpu.address(packed);
        try (NDManager scope = root.newSubManager(packed.getDevice())) {
            NDArray absmax = gpu.empty(scope, Precision.FLOAT32, numbers.count() / Nf4.BLOCK);
            long scales = gpu.address(absmax);
            inParts(numbers, (buffer, first, count) -> {
                Launch launch = gpu.kernel("quantize_nf4")
                        .pointer(buffer)
                        .pointer(codes + first / 2)
                        .pointer(scales + first / Nf4.BLOCK * Float.BYTES)
                        .wide(count)
                        .integer(numbers.stored().ordinal())
                        .integer(numbers.rounded().ordinal())
                        .real(Nf4.SMALLEST_SCALE);
                for (float threshold : thresholds) {
                    launch.real(threshold);
                }
                return launch;
            });
            return absmax.toFloatArray();
        }
    }

    @FunctionalInterface
    private interface Kernel {
        Launch of(long buffer, long first, long count);
    }

    private void inParts(Numbers numbers, Kernel kernel) {
        gpu.use();
        int size = numbers.stored().bytes();
        long atOnce = BYTES / size;
        for (long first = 0; first < numbers.count(); first += atOnce) {
            long count = Math.min(atOnce, numbers.count() - first);
            PinnedBuffer buffer = buffers[turn];
            turn = 1 - turn;
            numbers.source().read(first * size, buffer.toFill(Math.toIntExact(count * size)));
            kernel.of(buffer.address(), first, count).overItems((count + AT_ONCE - 1) / AT_ONCE, THREADS);
            buffer.inUse();
        }
    }

    @Override
    public void close() {
        gpu.use();
        for (PinnedBuffer buffer : buffers) {
            buffer.close();
        }
    }
}
