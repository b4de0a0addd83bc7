package dev.socratic.trainer.quant;

import java.util.Arrays;

/**
 * Ascending thresholds, up to 255, of which a value is told how many lie below it. Floats whose first sixteen bits are the
 * same are a cell, too narrow for two thresholds: those below the cell stand in a table, and one is compared.
 */
final class Thresholds {
    /** Of the largest finite numbers; the cells behind are those of infinity and of what is no number. */
    private static final int LARGEST_CELL = 0x7f7f;

    private static final int NEGATIVE = 0x8000;

    private final float[] thresholds;
    private final byte[] belowCell = new byte[1 << Short.SIZE];

    /** @throws IllegalArgumentException if two lie too close to one another */
    Thresholds(float[] ascending) {
        thresholds = Arrays.copyOf(ascending, ascending.length + 1);
        thresholds[ascending.length] = Float.POSITIVE_INFINITY;
        int below = 0;
        for (int cell = LARGEST_CELL | NEGATIVE; cell >= NEGATIVE; cell--) {
            below = enter(cell, Float.intBitsToFloat(cell << Short.SIZE | 0xffff), below);
        }
        for (int cell = 0; cell <= LARGEST_CELL; cell++) {
            below = enter(cell, Float.intBitsToFloat(cell << Short.SIZE), below);
        }
    }

    /** How many thresholds lie below a cell, given those below the cell before. */
    private int enter(int cell, float lowest, int before) {
        int below = thresholds[before] < lowest ? before + 1 : before;
        if (thresholds[below] < lowest) {
            throw new IllegalArgumentException(thresholds[before] + " and " + thresholds[below] + " are in one cell");
        }
        belowCell[cell] = (byte) below;
        return below;
    }

    /** 0 for what is no number. */
    int below(float value) {
        int below = belowCell[Float.floatToRawIntBits(value) >>> Short.SIZE] & 255;
        return thresholds[below] < value ? below + 1 : below;
    }
}
