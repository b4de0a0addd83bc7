package dev.socratic.trainer.placement;

import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;

/**
 * The arrays that a forward and a backward pass make on a GPU with kernels of our own: the residual stream in the
 * stream's type, everything in a block's branches in 16 bits, attention without scores.
 *
 * @param stream bytes of a value of the residual stream
 */
record KernelMemory(ModelShape shape, SocraticFineTuneSpec spec, int stream) {
    private static final int BRANCH = 2;
    private static final int MOST_ADAPTERS_AT_ONCE = 3;
    /** Heads whose attention has a kernel with a soft cap: widths up to the largest that are a multiple of the step. */
    private static final int MOST_CAPPED_WIDTH = 256;

    private static final int CAPPED_WIDTH_STEP = 16;

    static boolean capsScoresOf(int headWidth) {
        return headWidth <= MOST_CAPPED_WIDTH && headWidth % CAPPED_WIDTH_STEP == 0;
    }

    /** What the backward pass of a block reads beside its input. */
    long blockBytes(long tokens) {
        long branches = 4L * shape.hiddenSize()
                + 3L * shape.queryWidth()
                + 3L * shape.keyValueWidth()
                + 3L * shape.intermediateSize();
        return tokens * (branches * BRANCH + 2L * shape.hiddenSize() * stream + (long) shape.heads() * Float.BYTES);
    }

    /**
     * What a block's backward pass takes beside the block's own arrays, most where it has come to the gate: gradients by
     * the product, the gate and up have taken the places of what was used before.
     */
    long gradientBytes(long tokens) {
        long gate = 2L * shape.intermediateSize() * BRANCH;
        long attention = (4L * shape.queryWidth() + 4L * shape.keyValueWidth() + 3L * shape.hiddenSize()) * BRANCH
                + (Float.BYTES + 2L * BRANCH) * shape.queryWidth()
                - 3L * shape.intermediateSize() * BRANCH;
        long adapters = 2L * MOST_ADAPTERS_AT_ONCE * BRANCH * shape.hiddenSize();
        return tokens * (2L * shape.hiddenSize() * stream + adapters + Math.max(gate, attention));
    }

    /** Beside the arrays of a block that was computed again: by then its output and the product have made room. */
    long gradientBytesBesideAll(long tokens) {
        return tokens * (2L * shape.intermediateSize() * BRANCH + (long) shape.hiddenSize() * stream);
    }

    /** The largest weight that is dequantized at once: gate and up together. */
    long dequantizedAtOnce() {
        return 2L * shape.intermediateSize() * shape.hiddenSize() * BRANCH;
    }

    /** Every weight of a block. */
    long dequantizedBlock() {
        return shape.linearElements() * BRANCH;
    }

    long headBytes(long tokens, long logitsAtOnce) {
        long rows = Math.min(tokens, Math.max(128, logitsAtOnce / shape.vocabularySize()));
        long perToken = shape.hiddenSize() * (3L * stream + 2L * BRANCH);
        return rows * shape.vocabularySize() * BRANCH + tokens * perToken;
    }
}
