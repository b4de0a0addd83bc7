package dev.socratic.api.v1alpha1.spec;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Which attention is computed, in transformers' spelling of attn_implementation. */
public enum Attention {
    @JsonProperty("sdpa")
    SDPA,
    @JsonProperty("eager")
    EAGER
}
