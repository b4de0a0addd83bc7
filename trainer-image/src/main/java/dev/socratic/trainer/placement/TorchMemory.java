package dev.socratic.trainer.placement;

import dev.socratic.api.v1alpha1.spec.Attention;
import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;

/**
 * Blocks by libtorch's operations. Elements are those of a token.
 *
 * @param stream bytes of a value of the residual stream, and of what an operation makes on its way
 * @param branch bytes of a value between two norms
 * @param scoresAtOnce elements of the attention scores that are computed at once
 * @param dequantized bytes of a weight's element while libtorch dequantizes it, 0 where it does not
 */
record TorchMemory(
        ModelShape shape, SocraticFineTuneSpec spec, int stream, int branch, long scoresAtOnce, int dequantized)
        implements BlockMemory {
    /** An attention score in the backward pass: itself, its probability and its gradient in float32, and copies in 16 bits. */
    static final int SCORE_BYTES = 20;
    /** Dequantization of an element by steps: int32 index of a packed pair, float32 value and product, rounded value. */
    static final int DEQUANTIZED_BY_STEPS = 12;
    /** Norms of an element's row: the adapter's share, the sum with the weight, both in float32. */
    private static final int DORA_BYTES = 12;
    /** A linear layer's own arrays: its input dropped out and cast, its output before it is cast back. */
    private static final int LINEAR_ARRAYS = 3;

    @Override
    public long kept(SavedActivations saved, int rows) {
        long middle = saved == SavedActivations.ALL ? (long) shape.hiddenSize() * stream : 0;
        return tokens(rows) * (elements(saved) * branch + middle);
    }

    private long elements(SavedActivations saved) {
        return switch (saved) {
            case INPUTS -> 0;
            case BRANCHES -> 2L * shape.hiddenSize();
            case PRODUCTS -> 2L * shape.hiddenSize() + products();
            case ALL -> 4L * shape.hiddenSize() + products() + shape.intermediateSize();
        };
    }

    @Override
    public long backward(SavedActivations saved, int rows) {
        long gradients = 7L * shape.hiddenSize()
                + 3L * shape.queryWidth()
                + 4L * shape.keyValueWidth()
                + 3L * shape.intermediateSize()
                + (long) LINEAR_ARRAYS * Math.max(shape.intermediateSize(), shape.queryWidth());
        long again = elements(SavedActivations.ALL) - elements(saved);
        long largest = (long) shape.hiddenSize() * Math.max(shape.intermediateSize(), shape.queryWidth());
        return tokens(rows) * (gradients * stream + again * branch)
                + Math.min(scores(rows), scoresAtOnce) * SCORE_BYTES
                + largest * dequantized
                + (spec.lora().useDora() ? largest * DORA_BYTES : 0);
    }

    @Override
    public long hidden(int rows) {
        return tokens(rows) * shape.hiddenSize() * stream;
    }

    private long tokens(int rows) {
        return (long) rows * spec.training().maxSequenceLength();
    }

    /** Queries, keys, values and the result of attention, gate and up. */
    private long products() {
        long heads = shape.queryWidth() + shape.keyValueWidth();
        return heads
                + shape.keyValueWidth()
                + (shape.hasHeadNorms() ? heads : 0)
                + shape.queryWidth()
                + 2L * shape.intermediateSize();
    }

    /** Elements of the attention probabilities, which only eager attention writes out. */
    private long scores(int rows) {
        long length = spec.training().maxSequenceLength();
        return spec.model().attention() == Attention.EAGER ? rows * shape.heads() * length * length : 0;
    }
}
