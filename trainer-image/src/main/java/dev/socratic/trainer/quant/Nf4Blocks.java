package dev.socratic.trainer.quant;

import dev.socratic.trainer.checkpoint.DType;
import dev.socratic.trainer.checkpoint.HalfPrecision;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Whole blocks of codes back to values: {@code codebook[code] * absmax}, rounded to a type. A block has sixteen different
 * values only, so that each is multiplied and rounded once and then copied.
 */
public final class Nf4Blocks {
    public static final int BYTES = Nf4.BLOCK / 2;

    private static final float[] CODEBOOK = Nf4.codebook();
    /** The code of 0. */
    private static final int ZERO = 7;
    /** Between these all other values of a block are normal numbers in binary16, the smallest being 0.0796 of the scale. */
    private static final float LEAST_USUAL = 0x1p-10f;

    private static final float USUAL_BELOW = 0x1p15f;

    private static final VarHandle FOUR_BYTES =
            MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private Nf4Blocks() {}

    /**
     * @param packed codes of so many blocks from the array's begin on, the first of two in a byte's high half
     * @param absmax one a block, that of the first at {@code first}
     * @param target takes the values from its begin on
     */
    public static void toFloats(byte[] packed, int blocks, float[] absmax, int first, float[] target) {
        float[] values = new float[CODEBOOK.length];
        for (int block = 0; block < blocks; block++) {
            for (int code = 0; code < values.length; code++) {
                values[code] = CODEBOOK[code] * absmax[first + block];
            }
            int at = block * BYTES;
            for (int i = at; i < at + BYTES; i += Integer.BYTES) {
                int codes = (int) FOUR_BYTES.get(packed, i);
                target[2 * i] = values[codes >> 4 & 15];
                target[2 * i + 1] = values[codes & 15];
                target[2 * i + 2] = values[codes >> 12 & 15];
                target[2 * i + 3] = values[codes >> 8 & 15];
                target[2 * i + 4] = values[codes >> 20 & 15];
                target[2 * i + 5] = values[codes >> 16 & 15];
                target[2 * i + 6] = values[codes >>> 28];
                target[2 * i + 7] = values[codes >> 24 & 15];
            }
        }
    }

    /**
     * The same in a type of 16 bits.
     *
     * @param type F16 or BF16
     * @param target takes the bits of two values in an int, the first in its low half
     */
    public static void toHalves(byte[] packed, int blocks, float[] absmax, int first, DType type, int[] target) {
        int[] values = new int[CODEBOOK.length];
        for (int block = 0; block < blocks; block++) {
            halves(absmax[first + block], type, values);
            int at = block * BYTES;
            for (int i = at; i < at + BYTES; i++) {
                int pair = packed[i];
                target[i] = values[pair >> 4 & 15] | values[pair & 15] << 16;
            }
        }
    }

    /** The bits of a block's sixteen values. */
    private static void halves(float absmax, DType type, int[] values) {
        boolean usual = absmax >= LEAST_USUAL && absmax < USUAL_BELOW;
        for (int code = 0; code < values.length; code++) {
            float value = CODEBOOK[code] * absmax;
            short bits = usual
                    ? type == DType.F16 ? HalfPrecision.normalToHalf(value) : HalfPrecision.numberToBfloat(value)
                    : type == DType.F16 ? HalfPrecision.floatToHalf(value) : HalfPrecision.floatToBfloat(value);
            values[code] = bits & 0xffff;
        }
        values[ZERO] = usual ? 0 : values[ZERO];
    }
}
