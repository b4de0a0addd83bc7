package dev.socratic.trainer.quant;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Eight-bit codes for the scales: blocks of {@value #BLOCK} values, each divided by its largest magnitude and rounded to
 * the nearest of 256 levels that lie denser towards zero (bitsandbytes' {@code create_dynamic_map()}, signed, seven
 * exponent bits). Ties go to the lower level.
 */
public final class DynamicMap {
    public static final int BLOCK = 256;

    private static final int EXPONENTS = 7;
    private static final float[] LEVELS = levels();
    private static final Thresholds THRESHOLDS = new Thresholds(thresholds());

    private DynamicMap() {}

    /** Decades from 1e-6 to 1, the decade 10^(i-6) having 2^i levels of either sign; then 0 and 1. */
    public static float[] levels() {
        return levels(Sign.EITHER);
    }

    /** The same without negative levels and with twice as many positive ones, for what is never negative. */
    public static float[] unsignedLevels() {
        return levels(Sign.POSITIVE);
    }

    private enum Sign {
        EITHER,
        POSITIVE
    }

    private static float[] levels(Sign sign) {
        float[] levels = new float[256];
        int n = 0;
        for (int i = 0; i < EXPONENTS; i++) {
            float decade = (float) Math.pow(10, i - (EXPONENTS - 1));
            float[] bounds = linspace((1 << (sign == Sign.EITHER ? i : i + 1)) + 1);
            for (int j = 0; j + 1 < bounds.length; j++) {
                float level = decade * ((bounds[j] + bounds[j + 1]) / 2);
                levels[n++] = level;
                if (sign == Sign.EITHER) {
                    levels[n++] = -level;
                }
            }
        }
        levels[n++] = 0;
        levels[n] = 1;
        Arrays.sort(levels);
        return levels;
    }

    /** torch.linspace(0.1, 1, count) with the fused multiply-add of its vector code. */
    private static float[] linspace(int count) {
        float[] values = new float[count];
        float step = (1 - 0.1f) / (count - 1);
        for (int i = 0; i < count; i++) {
            values[i] = i < count / 2 ? Math.fma(step, i, 0.1f) : Math.fma(-step, count - 1 - i, 1);
        }
        return values;
    }

    private static float[] thresholds() {
        float[] thresholds = new float[LEVELS.length - 1];
        for (int i = 0; i < thresholds.length; i++) {
            thresholds[i] = (LEVELS[i] + LEVELS[i + 1]) / 2;
        }
        return thresholds;
    }

    /** @param values scales less {@code offset} */
    static BlockScales.DoubleQuantized quantize(float[] values, float offset) {
        byte[] codes = new byte[values.length];
        float[] absmax = new float[(values.length + BLOCK - 1) / BLOCK];
        IntStream.range(0, absmax.length).parallel().forEach(block -> {
            int from = block * BLOCK;
            int to = Math.min(values.length, from + BLOCK);
            float largest = 0;
            for (int i = from; i < to; i++) {
                largest = Math.max(largest, Math.abs(values[i]));
            }
            float scale = Math.max(largest, Nf4.SMALLEST_SCALE);
            boolean whole = to - from == BLOCK;
            absmax[block] = whole ? largest : scale;
            for (int i = from; i < to; i++) {
                codes[i] = (byte) THRESHOLDS.below(whole ? values[i] * (1 / scale) : values[i] / scale);
            }
        });
        return new BlockScales.DoubleQuantized(codes, absmax, offset);
    }

    static float[] dequantize(byte[] codes, float[] absmax) {
        float[] values = new float[codes.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = LEVELS[codes[i] & 255] * absmax[i / BLOCK];
        }
        return values;
    }
}
