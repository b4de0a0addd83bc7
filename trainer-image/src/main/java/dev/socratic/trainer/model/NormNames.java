package dev.socratic.trainer.model;

import java.util.Optional;

/**
 * What the norms of a block are called in a checkpoint. The post norms, where an architecture has them, are applied to
 * the output of attention and MLP before it is added to the residual stream.
 */
public record NormNames(String attention, Optional<String> attentionPost, String mlp, Optional<String> mlpPost) {
    /** Norms before attention and MLP only, with Llama's names. */
    public static final NormNames PRE =
            new NormNames("input_layernorm", Optional.empty(), "post_attention_layernorm", Optional.empty());

    /** Norms before and after, with Gemma 2's names. */
    public static final NormNames PRE_AND_POST = new NormNames(
            "input_layernorm",
            Optional.of("post_attention_layernorm"),
            "pre_feedforward_layernorm",
            Optional.of("post_feedforward_layernorm"));
}
