package dev.socratic.trainer.placement;

import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import java.util.Set;

/**
 * Blocks on a GPU with kernels of our own: the residual stream in the stream's type, everything in a block's branches in
 * 16 bits, attention without scores. Elements are those of a token.
 *
 * @param stream bytes of a value of the residual stream
 */
record KernelMemory(ModelShape shape, SocraticFineTuneSpec spec, int stream) implements BlockMemory {
    private static final int BRANCH = 2;
    private static final int MOST_ADAPTERS_AT_ONCE = 3;
    /** Heads whose attention has a kernel with a soft cap: widths up to the largest that are a multiple of the step. */
    private static final int MOST_CAPPED_WIDTH = 256;

    private static final int CAPPED_WIDTH_STEP = 16;

    static boolean capsScoresOf(int headWidth) {
        return headWidth <= MOST_CAPPED_WIDTH && headWidth % CAPPED_WIDTH_STEP == 0;
    }

    @Override
    public long kept(SavedActivations saved, int rows) {
        long elements = saved == SavedActivations.INPUTS ? 0 : 2L * shape.hiddenSize();
        if (saved.keepsProducts()) {
            elements += attention() + 2L * shape.intermediateSize();
        }
        if (saved == SavedActivations.ALL) {
            elements += read(ModelShape.ATTENTION_IN, shape.hiddenSize())
                    + read(ModelShape.MLP_IN, shape.hiddenSize())
                    + read(ModelShape.MLP_OUT, shape.intermediateSize());
        }
        long sums = saved.keepsProducts() ? (long) shape.heads() * Float.BYTES : 0;
        long middle = saved == SavedActivations.ALL ? (long) shape.hiddenSize() * stream : 0;
        return tokens(rows) * (elements * BRANCH + sums + middle);
    }

    @Override
    public long backward(SavedActivations saved, int rows) {
        long inMlp = mlpBackward();
        long inAttention = attentionBackward();
        long hidden = (long) shape.hiddenSize() * stream;
        long bytes = switch (saved) {
            case INPUTS ->
                Math.max(
                        (attention() + shape.hiddenSize() + 2L * shape.intermediateSize() + inMlp) * BRANCH
                                + 2 * hidden,
                        (attention() + shape.hiddenSize()) * BRANCH + inAttention + 2 * hidden);
            case BRANCHES ->
                Math.max(
                        (2L * shape.intermediateSize() + inMlp) * BRANCH + 3 * hidden,
                        attention() * BRANCH + inAttention + 3 * hidden);
            case PRODUCTS ->
                Math.max(
                        inMlp * BRANCH + 2 * hidden, inAttention - 2L * shape.intermediateSize() * BRANCH + 2 * hidden);
            case ALL ->
                Math.max(
                        (inMlp - read(ModelShape.MLP_OUT, shape.intermediateSize())) * BRANCH + hidden,
                        inAttention - 2L * shape.intermediateSize() * BRANCH + 2 * hidden);
        };
        return tokens(rows) * bytes;
    }

    @Override
    public long hidden(int rows) {
        return tokens(rows) * shape.hiddenSize() * stream;
    }

    private long tokens(int rows) {
        return (long) rows * spec.training().maxSequenceLength();
    }

    /** Queries, keys and values, once more where they have a norm, and the result. */
    private long attention() {
        long heads = shape.queryWidth() + shape.keyValueWidth();
        return heads + shape.keyValueWidth() + (shape.hasHeadNorms() ? heads : 0) + shape.queryWidth();
    }

    /** What layers read, where adapters read it again. */
    private long read(Set<String> layers, long elements) {
        return shape.adapts(spec.lora(), layers) ? elements : 0;
    }

    /**
     * Beside gate and up, whose places their gradients take: the gradient by the product and by the branch, the product
     * for an adapter and that adapter's copy of it.
     */
    private long mlpBackward() {
        long adapter = 2 * read(ModelShape.MLP_OUT, shape.intermediateSize());
        return shape.intermediateSize()
                + adapter
                + 2L * shape.hiddenSize()
                + read(ModelShape.MLP_IN, shape.hiddenSize());
    }

    /** In bytes: the gradients by branch, context, heads and norm; then either the sums of attention or the adapters' copies. */
    private long attentionBackward() {
        long gradients = 2L * shape.hiddenSize() + 2L * shape.queryWidth() + 2L * shape.keyValueWidth();
        long sums = (Float.BYTES + 2L * BRANCH) * shape.queryWidth();
        long adapters = (1L + MOST_ADAPTERS_AT_ONCE) * shape.hiddenSize() * BRANCH;
        return gradients * BRANCH + Math.max(sums, adapters);
    }

    /** The largest weight that is dequantized at once: gate and up together. */
    long dequantizedAtOnce() {
        return 2L * shape.intermediateSize() * shape.hiddenSize() * BRANCH;
    }

    /** Every weight of a block. */
    long dequantizedBlock() {
        return shape.linearElements() * BRANCH;
    }

    long headBytes(int rows, long logitsAtOnce) {
        long atOnce = Math.min(tokens(rows), Math.max(128, logitsAtOnce / shape.vocabularySize()));
        long perToken = shape.hiddenSize() * (3L * stream + 2L * BRANCH);
        return atOnce * shape.vocabularySize() * BRANCH + tokens(rows) * perToken;
    }
}
