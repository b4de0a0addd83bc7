package dev.socratic.trainer.placement;

import java.util.List;

/**
 * The sizes of a decoder that memory follows from, in elements.
 *
 * @param linears the linear layers of a block
 * @param norms widths of the norms of a block
 * @param head whether the output embedding is the input embedding
 */
public record ModelShape(
        int vocabularySize,
        int hiddenSize,
        int intermediateSize,
        int layers,
        int heads,
        int keyValueHeads,
        int headDimension,
        List<LinearShape> linears,
        List<Integer> norms,
        Head head) {
    /** PEFT's shorthand for every linear layer but the head. */
    public static final String ALL_LINEAR = "all-linear";

    public ModelShape {
        linears = List.copyOf(linears);
        norms = List.copyOf(norms);
    }

    /** The output embedding. */
    public enum Head {
        TIED,
        OWN
    }

    /**
     * A linear layer of a block.
     *
     * @param name the last part of its name in transformers
     * @param biases 0, or one for each output
     */
    public record LinearShape(String name, int inputs, int outputs, int biases) {
        long elements() {
            return (long) inputs * outputs;
        }
    }

    long embeddingElements() {
        return (long) vocabularySize * hiddenSize;
    }

    /** Elements of the matrices of a block. */
    long linearElements() {
        return linears.stream().mapToLong(LinearShape::elements).sum();
    }

    /** Elements of a block that are never quantized: norms and biases. */
    long vectorElements() {
        return norms.stream().mapToLong(Integer::longValue).sum()
                + linears.stream().mapToLong(LinearShape::biases).sum();
    }

    /** Tensors of a block. */
    int tensors() {
        int biased =
                (int) linears.stream().filter(linear -> linear.biases() > 0).count();
        return linears.size() + biased + norms.size();
    }

    int queryWidth() {
        return heads * headDimension;
    }

    int keyValueWidth() {
        return keyValueHeads * headDimension;
    }

    /** Elements that adapters of rank 1 on the named linear layers of a block have. */
    long adapterElements(List<String> targets) {
        return linears.stream()
                .filter(linear -> targets.contains(ALL_LINEAR) || targets.contains(linear.name()))
                .mapToLong(linear -> linear.inputs() + linear.outputs())
                .sum();
    }

    /** Elements in all. */
    public long elements() {
        return embeddingElements() * (head == Head.TIED ? 1 : 2)
                + layers * (linearElements() + vectorElements())
                + hiddenSize;
    }
}
