package dev.socratic.trainer.placement;

/**
 * The sizes of a decoder that memory follows from, in elements.
 *
 * @param head whether the output embedding is the input embedding
 * @param normsPerLayer norms over the hidden size in a layer: 2, or 4 for Gemma 2
 */
public record ModelShape(
        int vocabularySize,
        int hiddenSize,
        int intermediateSize,
        int layers,
        int heads,
        int keyValueHeads,
        int headDimension,
        int normsPerLayer,
        Head head) {

    /** The output embedding. */
    public enum Head {
        TIED,
        OWN
    }

    /** Linear layers of a block. */
    static final int LINEARS = 7;

    long embeddingElements() {
        return (long) vocabularySize * hiddenSize;
    }

    /** Elements of the seven linear layers of a block. */
    long linearElements() {
        return 2L * hiddenSize * queryWidth() + 2L * hiddenSize * keyValueWidth() + 3L * hiddenSize * intermediateSize;
    }

    long normElements() {
        return (long) normsPerLayer * hiddenSize;
    }

    int queryWidth() {
        return heads * headDimension;
    }

    int keyValueWidth() {
        return keyValueHeads * headDimension;
    }

    /** Inputs plus outputs of the linear layer that transformers names {@code module}, 0 if a block has no such layer. */
    long widths(String module) {
        return switch (module) {
            case "q_proj", "o_proj" -> hiddenSize + queryWidth();
            case "k_proj", "v_proj" -> hiddenSize + keyValueWidth();
            case "gate_proj", "up_proj", "down_proj" -> hiddenSize + intermediateSize;
            default -> 0;
        };
    }

    /** Elements in all. */
    public long elements() {
        return embeddingElements() * (head == Head.TIED ? 1 : 2)
                + layers * (linearElements() + normElements())
                + hiddenSize;
    }
}
