package dev.socratic.trainer.quant;

import dev.socratic.trainer.checkpoint.DType;
import dev.socratic.trainer.checkpoint.StoredTensor;
import dev.socratic.trainer.checkpoint.Values;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * NF4 of Dettmers et al., "QLoRA" (2023), as bitsandbytes' Python kernels compute it: blocks of {@value #BLOCK} elements
 * over the flat matrix, each divided by its largest magnitude and rounded to the nearest of sixteen levels, ties to the
 * lower one. Runs on all cores and needs no more memory than its result and a small buffer a core.
 */
public final class Nf4 {
    public static final int BLOCK = 64;

    /** Below this a scale counts as this, so that a block of zeros has a finite reciprocal. */
    public static final float SMALLEST_SCALE = 1e-38f;

    /** The levels' binary32 bits: quantiles of the normal distribution, with an exact zero at index 7. */
    private static final int[] CODEBOOK_BITS = {
        0xbf800000, 0xbf3239b1, 0xbf066b30, 0xbeca32a0, 0xbe91a24d, 0xbe3d353f, 0xbdba7871, 0x00000000,
        0x3da2faff, 0x3e24cae3, 0x3e7c04dd, 0x3ead033a, 0x3ee1a4b8, 0x3f1007ab, 0x3f3913b3, 0x3f800000
    };

    private static final float[] CODEBOOK = codebook();

    /** Blocks that one task takes at a time. */
    private static final int BLOCKS_A_TASK = 1024;

    private static final Thresholds THRESHOLDS = new Thresholds(thresholds());

    private Nf4() {}

    /** The sixteen levels, ascending from -1 to 1. */
    public static float[] codebook() {
        float[] levels = new float[CODEBOOK_BITS.length];
        for (int i = 0; i < levels.length; i++) {
            levels[i] = Float.intBitsToFloat(CODEBOOK_BITS[i]);
        }
        return levels;
    }

    /** Between the levels: a value in [-1, 1] has the code that is the number of thresholds below it. */
    public static float[] thresholds() {
        float[] thresholds = new float[CODEBOOK.length - 1];
        for (int i = 0; i < thresholds.length; i++) {
            thresholds[i] = (CODEBOOK[i] + CODEBOOK[i + 1]) / 2;
        }
        return thresholds;
    }

    /** The 256 levels of the scales under double quantization, ascending. */
    public static float[] dynamicMap() {
        return DynamicMap.levels();
    }

    /**
     * @param values already rounded to the type that the model is loaded in
     * @param shape row-major, of as many elements as there are values
     */
    public static Nf4Tensor quantize(float[] values, long[] shape, DoubleQuant doubleQuant) {
        return quantize(() -> Values.of(values), values.length, shape, doubleQuant);
    }

    /**
     * Quantizes straight from the file, without the matrix in memory.
     *
     * @param castThrough the type that the model is loaded in: values are rounded to it first
     */
    public static Nf4Tensor quantize(StoredTensor tensor, DType castThrough, DoubleQuant doubleQuant) {
        return quantize(() -> tensor.values(castThrough), tensor.elements(), tensor.shape(), doubleQuant);
    }

    /** The matrix back, in binary32: {@code codebook[code] * absmax}, not rounded to the model's type. */
    public static float[] dequantize(Nf4Tensor tensor) {
        float[] values = new float[Math.toIntExact(tensor.elements())];
        float[] absmax = tensor.scales().absmax();
        forEachTask(values.length, (first, count) -> {
            int blocks = (count + BLOCK - 1) / BLOCK;
            int at = (int) first;
            byte[] packed = Arrays.copyOfRange(tensor.packed(), at / 2, at / 2 + blocks * Nf4Blocks.BYTES);
            ByteBuffer part = ByteBuffer.allocate(blocks * BLOCK * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            Nf4Blocks.write(packed, blocks, absmax, at / BLOCK, DType.F32, DType.F32, part, 0);
            part.asFloatBuffer().get(values, at, count);
        });
        return values;
    }

    /** @param values for one thread each */
    private static Nf4Tensor quantize(Supplier<Values> values, long elements, long[] shape, DoubleQuant doubleQuant) {
        byte[] packed = new byte[Math.toIntExact((elements + 1) / 2)];
        float[] absmax = new float[Math.toIntExact((elements + BLOCK - 1) / BLOCK)];
        ThreadLocal<Values> sources = ThreadLocal.withInitial(values);
        ThreadLocal<float[]> buffers = ThreadLocal.withInitial(() -> new float[BLOCKS_A_TASK * BLOCK]);
        forEachTask(elements, (first, count) -> {
            float[] block = buffers.get();
            sources.get().copy(first, block, 0, count);
            int at = 0;
            for (; at + BLOCK <= count; at += BLOCK) {
                float scale = largestMagnitude(block, at, at + BLOCK);
                absmax[(int) ((first + at) / BLOCK)] = scale;
                float reciprocal = 1 / Math.max(scale, SMALLEST_SCALE);
                for (int i = at; i < at + BLOCK; i++) {
                    block[i] *= reciprocal;
                }
            }
            if (at < count) {
                float scale = Math.max(largestMagnitude(block, at, count), SMALLEST_SCALE);
                absmax[(int) ((first + at) / BLOCK)] = scale;
                for (int i = at; i < count; i++) {
                    block[i] /= scale;
                }
                block[count] = 0;
            }
            pack(block, count, packed, (int) (first / 2));
        });
        return new Nf4Tensor(shape.clone(), packed, scales(absmax, doubleQuant));
    }

    private static float largestMagnitude(float[] values, int from, int to) {
        float largest = 0;
        for (int i = from; i < to; i++) {
            largest = Math.max(largest, Math.abs(values[i]));
        }
        return largest;
    }

    private static void pack(float[] scaled, int count, byte[] packed, int at) {
        for (int i = 0; i < count; i += 2) {
            packed[at + i / 2] = (byte) (THRESHOLDS.below(scaled[i]) << 4 | THRESHOLDS.below(scaled[i + 1]));
        }
    }

    /** @param absmax of each block; used up */
    public static BlockScales scales(float[] absmax, DoubleQuant doubleQuant) {
        if (doubleQuant == DoubleQuant.OFF) {
            return new BlockScales.Plain(absmax);
        }
        double sum = 0;
        for (float scale : absmax) {
            sum += scale;
        }
        float offset = (float) (sum / absmax.length);
        for (int i = 0; i < absmax.length; i++) {
            absmax[i] -= offset;
        }
        return DynamicMap.quantize(absmax, offset);
    }

    private static void forEachTask(long elements, Task task) {
        long perTask = (long) BLOCKS_A_TASK * BLOCK;
        IntStream.range(0, (int) ((elements + perTask - 1) / perTask))
                .parallel()
                .forEach(i -> task.run(i * perTask, (int) Math.min(perTask, elements - i * perTask)));
    }

    private interface Task {
        /** @param first a multiple of the block size */
        void run(long first, int count);
    }
}
