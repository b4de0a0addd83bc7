package dev.socratic.trainer.placement;

import dev.socratic.api.v1alpha1.spec.Dtype;
import dev.socratic.api.v1alpha1.spec.LoraBias;
import dev.socratic.api.v1alpha1.spec.LoraSpec;
import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.trainer.data.MicroBatching.Grouping;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * The sizes of a decoder that memory follows from, in elements.
 *
 * @param linears the linear layers of a block
 * @param norms widths of the norms of a block
 * @param head whether the output embedding is the input embedding
 * @param rotation whether the rotary embedding of a token follows from the length of its batch
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
        Head head,
        Rotation rotation) {
    /** PEFT's shorthand for every linear layer but the head. */
    public static final String ALL_LINEAR = "all-linear";

    /** Linear layers by what they read, under the names that transformers gives them in one architecture or another. */
    static final Set<String> ATTENTION_IN = Set.of("q_proj", "k_proj", "v_proj", "qkv_proj");

    static final Set<String> MLP_IN = Set.of("gate_proj", "up_proj", "gate_up_proj");
    static final Set<String> MLP_OUT = Set.of("down_proj");

    public ModelShape {
        linears = List.copyOf(linears);
        norms = List.copyOf(norms);
    }

    /** The output embedding. */
    public enum Head {
        TIED,
        OWN
    }

    /** What the rotary embedding follows from. */
    public enum Rotation {
        BY_POSITION,
        /** LongRoPE has other factors for long batches than for short ones. */
        BY_LENGTH
    }

    /**
     * A linear layer of a block.
     *
     * @param name its name within a block in transformers, or the last part of it
     * @param biases 0, or one for each output
     */
    public record LinearShape(String name, int inputs, int outputs, int biases) {
        long elements() {
            return (long) inputs * outputs;
        }
    }

    /** Which examples may pass together: NEFTune's noise, too, follows from the length of a batch. */
    public Grouping grouping(SocraticFineTuneSpec spec) {
        return spec.training().neftuneNoiseAlpha() != null || rotation == Rotation.BY_LENGTH || roundsEachBatch(spec)
                ? Grouping.AS_DECLARED
                : Grouping.BY_LENGTH;
    }

    /** Whether a step's sums are rounded to a half type with each batch: smoothed losses, and gradients of what is trained in it. */
    private static boolean roundsEachBatch(SocraticFineTuneSpec spec) {
        boolean half = spec.quantization() == null && spec.model().dtype() != Dtype.FLOAT32;
        boolean trained = spec.lora().bias() != LoraBias.NONE
                || !spec.lora().modulesToSave().isEmpty();
        double smoothing = Objects.requireNonNullElse(spec.training().labelSmoothingFactor(), 0.0);
        return spec.placement().gpus() == 0 && half && (trained || smoothing > 0);
    }

    long embeddingElements() {
        return (long) vocabularySize * hiddenSize;
    }

    /** Elements of the matrices of a block. */
    long linearElements() {
        return linears.stream().mapToLong(LinearShape::elements).sum();
    }

    /** Elements of the largest of them. */
    long largestLinearElements() {
        return linears.stream().mapToLong(LinearShape::elements).max().orElse(0);
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

    /** Elements that are trained in a block: factors, magnitudes and biases. */
    long adapterElements(int layer, LoraSpec lora) {
        return linears.stream()
                .mapToLong(linear -> adapterElements(linear, layer, lora))
                .sum();
    }

    /** Whether one of such layers has an adapter. */
    boolean adapts(LoraSpec lora, Set<String> layers) {
        return linears.stream().anyMatch(linear -> layers.contains(last(linear)) && targets(lora, linear));
    }

    /** Whether queries and keys pass a norm of their own. */
    boolean hasHeadNorms() {
        return norms.contains(headDimension);
    }

    private static boolean targets(LoraSpec lora, LinearShape linear) {
        return lora.targetModules().contains(ALL_LINEAR) || lora.targetModules().contains(last(linear));
    }

    private static String last(LinearShape linear) {
        return linear.name.substring(linear.name.lastIndexOf('.') + 1);
    }

    private static long adapterElements(LinearShape linear, int layer, LoraSpec lora) {
        boolean targeted = targets(lora, linear);
        boolean bias = lora.bias() == LoraBias.ALL || lora.bias() == LoraBias.LORA_ONLY && targeted;
        long rank = targeted ? lora.rankOf("model.layers." + layer + "." + linear.name) : 0;
        return rank * (linear.inputs + linear.outputs)
                + (targeted && lora.useDora() ? linear.outputs : 0)
                + (bias ? linear.biases : 0);
    }

    /** Elements in all. */
    public long elements() {
        return embeddingElements() * (head == Head.TIED ? 1 : 2)
                + layers * (linearElements() + vectorElements())
                + hiddenSize;
    }
}
