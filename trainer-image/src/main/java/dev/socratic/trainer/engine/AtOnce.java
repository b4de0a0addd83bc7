package dev.socratic.trainer.engine;

import ai.djl.ndarray.NDArray;

/**
 * How many elements an operation that goes through its work in blocks has in one of them. On a CPU a block is read again
 * from the cache while it passes through several steps; a GPU wants few launches.
 *
 * @param elements of a block
 * @param logits there at once: enough rows of them for a product to be fast
 */
record AtOnce(long elements, long logits) {
    private static final AtOnce ON_CPU = new AtOnce(1L << 18, 1L << 24);
    private static final AtOnce ON_GPU = new AtOnce(1L << 26, 1L << 26);

    /** Rows of logits below which a product spends its time on reordering the table. */
    private static final long LEAST_ROWS = 256;

    static AtOnce on(NDArray array) {
        return array.getDevice().isGpu() ? ON_GPU : ON_CPU;
    }

    /** Rows of a matrix of so many columns in a block. */
    long rows(long columns) {
        return Math.max(1, elements / columns);
    }

    long rowsOfLogits(long vocabulary) {
        return Math.max(LEAST_ROWS, logits / vocabulary);
    }
}
