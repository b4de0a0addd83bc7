package dev.socratic.trainer.quant;

import java.util.Arrays;

/**
 * Ascending thresholds, up to 255, of which a value is told how many lie below it. Floats whose first sixteen bits are the
 * same are a cell, too narrow for two thresholds: those below the cell stand in a table, and one is compared.
 */
final class Thresholds {
    private final float[] thresholds;
    private final byte[] belowCell = new byte[1 << Short.SIZE];

    /** @throws IllegalArgumentException if two lie too close to one another */
    Thresholds(float[] ascending) {
        thresholds = Arrays.copyOf(ascending, ascending.length + 1);
        thresholds[ascending.length] = Float.POSITIVE_INFINITY;
        for (int cell = 0; cell < belowCell.length; cell++) {
            float one = Float.intBitsToFloat(cell << Short.SIZE);
            float other = Float.intBitsToFloat(cell << Short.SIZE | 0xffff);
            int below = searched(Math.min(one, other));
            if (searched(Math.max(one, other)) > below + 1) {
                throw new IllegalArgumentException("two thresholds above " + thresholds[below] + " are in one cell");
            }
            belowCell[cell] = (byte) below;
        }
    }

    /** 0 for what is no number. */
    int below(float value) {
        int below = belowCell[Float.floatToRawIntBits(value) >>> Short.SIZE] & 255;
        return thresholds[below] < value ? below + 1 : below;
    }

    private int searched(float value) {
        int low = 0;
        int high = thresholds.length;
        while (low < high) {
            int middle = (low + high) / 2;
            if (thresholds[middle] < value) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
