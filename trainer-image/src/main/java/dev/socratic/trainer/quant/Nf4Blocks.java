package dev.socratic.trainer.quant;

import dev.socratic.trainer.checkpoint.DType;
import dev.socratic.trainer.checkpoint.HalfPrecision;

/**
 * Whole blocks of codes back to values: {@code codebook[code] * absmax}, rounded to a type. A block has sixteen different
 * values only, so that each is multiplied and rounded once and then copied.
 */
public final class Nf4Blocks {
    public static final int BYTES = Nf4.BLOCK / 2;

    private static final float[] CODEBOOK = Nf4.codebook();

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
            for (int i = 0; i < BYTES; i++) {
                int pair = packed[block * BYTES + i];
                target[2 * (block * BYTES + i)] = values[pair >> 4 & 15];
                target[2 * (block * BYTES + i) + 1] = values[pair & 15];
            }
        }
    }

    /**
     * The same in a type of 16 bits.
     *
     * @param type F16 or BF16
     * @param target takes the values' bits
     */
    public static void toHalves(byte[] packed, int blocks, float[] absmax, int first, DType type, short[] target) {
        short[] values = new short[CODEBOOK.length];
        for (int block = 0; block < blocks; block++) {
            for (int code = 0; code < values.length; code++) {
                float value = CODEBOOK[code] * absmax[first + block];
                values[code] =
                        type == DType.F16 ? HalfPrecision.floatToHalf(value) : HalfPrecision.floatToBfloat(value);
            }
            for (int i = 0; i < BYTES; i++) {
                int pair = packed[block * BYTES + i];
                target[2 * (block * BYTES + i)] = values[pair >> 4 & 15];
                target[2 * (block * BYTES + i) + 1] = values[pair & 15];
            }
        }
    }
}
