package dev.socratic.trainer.model;

import java.util.Optional;

/**
 * What the norms of a block are called in a checkpoint. The post norms, where an architecture has them, are applied to
 * the output of attention and MLP before it is added to the residual stream; query and key norms to each head.
 */
public record NormNames(
        String attention,
        Optional<String> query,
        Optional<String> key,
        Optional<String> attentionPost,
        String mlp,
        Optional<String> mlpPost) {
    /** Norms before attention and MLP only, with Llama's names. */
    public static final NormNames PRE = new NormNames(
            "input_layernorm",
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            "post_attention_layernorm",
            Optional.empty());

    /** Norms before and after, with Gemma 2's names. */
    public static final NormNames PRE_AND_POST = new NormNames(
            "input_layernorm",
            Optional.empty(),
            Optional.empty(),
            Optional.of("post_attention_layernorm"),
            "pre_feedforward_layernorm",
            Optional.of("post_feedforward_layernorm"));

    /** The same with norms over the heads of queries and keys, as Qwen 3 and Gemma 3 name them. */
    NormNames withQueryKey() {
        return new NormNames(
                attention,
                Optional.of("self_attn.q_norm"),
                Optional.of("self_attn.k_norm"),
                attentionPost,
                mlp,
                mlpPost);
    }
}
