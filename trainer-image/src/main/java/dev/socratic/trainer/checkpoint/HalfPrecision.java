package dev.socratic.trainer.checkpoint;

/**
 * Conversions between binary32 and the two 16-bit formats, rounding to nearest with ties to even as torch does. Plain
 * integer and float arithmetic without tables, so that the JIT can turn the loops around them into vector code.
 */
public final class HalfPrecision {
    /** 2^112, the difference of the exponent biases of binary32 (127) and binary16 (15). */
    private static final float BIAS_SHIFT = 0x1p112f;

    private static final int HALF_INFINITY_AS_SHIFTED_FLOAT = 0x0f800000;
    private static final int FLOAT_EXPONENT = 0x7f800000;
    private static final int FLOAT_65536 = 0x47800000;
    private static final int FLOAT_SMALLEST_NORMAL_HALF = 0x38800000;
    /** What a normal half has no place for. */
    private static final int BEYOND_HALF = 0x1fff;

    private HalfPrecision() {}

    /** Exact value of binary16 bits; the sign of zero and the payload of NaN are kept. */
    public static float halfToFloat(short half) {
        int shifted = (half & 0x7fff) << 13;
        int finite = Float.floatToRawIntBits(Float.intBitsToFloat(shifted) * BIAS_SHIFT);
        int magnitude = shifted >= HALF_INFINITY_AS_SHIFTED_FLOAT ? shifted | FLOAT_EXPONENT : finite;
        return Float.intBitsToFloat(magnitude | (half & 0x8000) << 16);
    }

    /** Nearest binary16; 65520 and above become infinity, NaN stays NaN. */
    public static short floatToHalf(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = bits >>> 16 & 0x8000;
        int magnitude = bits & 0x7fffffff;
        int half;
        if (magnitude >= FLOAT_65536) {
            half = magnitude > FLOAT_EXPONENT ? 0x7e00 : 0x7c00;
        } else if (magnitude < FLOAT_SMALLEST_NORMAL_HALF) {
            // the last place of a float in [0.5, 1) is 2^-24, the spacing of subnormal halves: the sum rounds for us
            half = Float.floatToRawIntBits(Float.intBitsToFloat(magnitude) + 0.5f) - 0x3f000000;
        } else {
            half = normalMagnitude(magnitude);
        }
        return (short) (sign | half);
    }

    /** The same of values that are normal in binary16, without a question that a loop would ask of each. */
    public static short normalToHalf(float value) {
        int bits = Float.floatToRawIntBits(value);
        return (short) (bits >>> 16 & 0x8000 | normalMagnitude(bits & 0x7fffffff));
    }

    /** As {@link #floatToHalf} and back: the sum with a number 2^13 times as large leaves eleven bits of a normal half. */
    private static float nearestHalf(float value) {
        int bits = Float.floatToRawIntBits(value);
        int magnitude = bits & 0x7fffffff;
        if (magnitude >= FLOAT_65536) {
            return magnitude > FLOAT_EXPONENT ? value : Math.copySign(Float.POSITIVE_INFINITY, value);
        }
        if ((magnitude & BEYOND_HALF) == 0 && magnitude >= FLOAT_SMALLEST_NORMAL_HALF) {
            return value;
        }
        int exponent = Math.max(magnitude & FLOAT_EXPONENT, FLOAT_SMALLEST_NORMAL_HALF);
        float large = Float.intBitsToFloat(exponent + (13 << 23));
        float rounded = Float.intBitsToFloat(magnitude) + large - large;
        return Math.copySign(rounded < 65536 ? rounded : Float.POSITIVE_INFINITY, value);
    }

    private static int normalMagnitude(int magnitude) {
        return magnitude - (112 << 23) + 0xfff + (magnitude >>> 13 & 1) >>> 13;
    }

    public static float bfloatToFloat(short bfloat) {
        return Float.intBitsToFloat(bfloat << 16);
    }

    /** Nearest bfloat16; values beyond its largest become infinity, NaN stays NaN. */
    public static short floatToBfloat(float value) {
        int bits = Float.floatToRawIntBits(value);
        return (bits & 0x7fffffff) > FLOAT_EXPONENT ? (short) (bits >>> 16 | 0x40) : numberToBfloat(value);
    }

    /** The same of a value that is a number. */
    public static short numberToBfloat(float value) {
        int bits = Float.floatToRawIntBits(value);
        return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
    }

    static void halvesToFloats(short[] halves, int count, float[] target, int at) {
        for (int i = 0; i < count; i++) {
            target[at + i] = halfToFloat(halves[i]);
        }
    }

    static void bfloatsToFloats(short[] bfloats, int count, float[] target, int at) {
        for (int i = 0; i < count; i++) {
            target[at + i] = bfloatToFloat(bfloats[i]);
        }
    }

    /** The bits of values in a type of 16 bits. */
    static void toShorts(float[] values, DType type, short[] target) {
        switch (type) {
            case F16 -> {
                for (int i = 0; i < values.length; i++) {
                    target[i] = floatToHalf(values[i]);
                }
            }
            case BF16 -> {
                for (int i = 0; i < values.length; i++) {
                    target[i] = floatToBfloat(values[i]);
                }
            }
            default -> throw new IllegalArgumentException("weights are not written as " + type);
        }
    }

    /** Rounds every value in {@code [from, to)} to the nearest one that {@code through} can hold. */
    public static void round(float[] values, int from, int to, DType through) {
        switch (through) {
            case F16 -> {
                for (int i = from; i < to; i++) {
                    values[i] = nearestHalf(values[i]);
                }
            }
            case BF16 -> {
                for (int i = from; i < to; i++) {
                    values[i] = bfloatToFloat(floatToBfloat(values[i]));
                }
            }
            case F32, F64 -> {
                // a float is what the caller holds already
            }
            default -> throw new IllegalArgumentException("weights cannot be cast through " + through);
        }
    }
}
