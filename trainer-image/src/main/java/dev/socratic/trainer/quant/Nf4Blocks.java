package dev.socratic.trainer.quant;

import dev.socratic.trainer.checkpoint.DType;
import dev.socratic.trainer.checkpoint.HalfPrecision;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Whole blocks of codes back to values: {@code codebook[code] * absmax}, rounded. A block has sixteen different
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
     * Writes the values of whole blocks.
     *
     * @param packed codes of so many blocks from the array's begin on, the first of two in a byte's high half
     * @param absmax one a block, that of the first at {@code first}
     * @param through the type that values are rounded to first, F32 to leave them as they are
     * @param type that they are written in: F32, F16 or BF16
     * @param target little-endian
     * @param at the byte that the first value begins at
     */
    public static void write(
            byte[] packed,
            int blocks,
            float[] absmax,
            int first,
            DType through,
            DType type,
            ByteBuffer target,
            int at) {
        float[] values = new float[CODEBOOK.length];
        int[] bits = new int[CODEBOOK.length];
        for (int block = 0; block < blocks; block++) {
            float scale = absmax[first + block];
            for (int code = 0; code < values.length; code++) {
                values[code] = CODEBOOK[code] * scale;
            }
            if (through != type) {
                HalfPrecision.round(values, 0, values.length, through);
            }
            int from = block * BYTES;
            if (type == DType.F32) {
                floats(values, bits);
                writeInts(packed, from, bits, target, at + from * 2 * Float.BYTES);
            } else {
                halves(values, scale, type, bits);
                writeShorts(packed, from, bits, target, at + from * 2 * Short.BYTES);
            }
        }
    }

    private static void writeInts(byte[] packed, int from, int[] values, ByteBuffer target, int at) {
        for (int i = 0; i < BYTES; i += Integer.BYTES) {
            int codes = (int) FOUR_BYTES.get(packed, from + i);
            int to = at + i * 2 * Integer.BYTES;
            target.putLong(to, pair(values[codes >> 4 & 15], values[codes & 15]));
            target.putLong(to + 8, pair(values[codes >> 12 & 15], values[codes >> 8 & 15]));
            target.putLong(to + 16, pair(values[codes >> 20 & 15], values[codes >> 16 & 15]));
            target.putLong(to + 24, pair(values[codes >>> 28], values[codes >> 24 & 15]));
        }
    }

    private static void writeShorts(byte[] packed, int from, int[] values, ByteBuffer target, int at) {
        for (int i = 0; i < BYTES; i += Integer.BYTES) {
            int codes = (int) FOUR_BYTES.get(packed, from + i);
            int first = values[codes >> 4 & 15] | values[codes & 15] << 16;
            int second = values[codes >> 12 & 15] | values[codes >> 8 & 15] << 16;
            int third = values[codes >> 20 & 15] | values[codes >> 16 & 15] << 16;
            int fourth = values[codes >>> 28] | values[codes >> 24 & 15] << 16;
            int to = at + i * 2 * Short.BYTES;
            target.putLong(to, pair(first, second));
            target.putLong(to + 8, pair(third, fourth));
        }
    }

    private static long pair(int first, int second) {
        return Integer.toUnsignedLong(first) | (long) second << Integer.SIZE;
    }

    private static void floats(float[] values, int[] bits) {
        for (int code = 0; code < bits.length; code++) {
            bits[code] = Float.floatToRawIntBits(values[code]);
        }
    }

    private static void halves(float[] values, float absmax, DType type, int[] bits) {
        boolean usual = absmax >= LEAST_USUAL && absmax < USUAL_BELOW;
        for (int code = 0; code < bits.length; code++) {
            float value = values[code];
            short half = usual
                    ? type == DType.F16 ? HalfPrecision.normalToHalf(value) : HalfPrecision.numberToBfloat(value)
                    : type == DType.F16 ? HalfPrecision.floatToHalf(value) : HalfPrecision.floatToBfloat(value);
            bits[code] = half & 0xffff;
        }
        bits[ZERO] = usual ? 0 : bits[ZERO];
    }
}
