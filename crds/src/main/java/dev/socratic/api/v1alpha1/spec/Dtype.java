package dev.socratic.api.v1alpha1.spec;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Floating-point type of weights or of arithmetic, in PyTorch's spelling. */
public enum Dtype {
    @JsonProperty("float32")
    FLOAT32,
    @JsonProperty("float16")
    FLOAT16,
    @JsonProperty("bfloat16")
    BFLOAT16
}
