package dev.socratic.api.v1alpha1.spec;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Optimizer of the trainable parameters. */
public enum Optimizer {
    @JsonProperty("adamw")
    ADAMW,
    /** bitsandbytes' AdamW8bit: moments in 8 bits, in blocks of 256. */
    @JsonProperty("adamw8bit")
    ADAMW8BIT
}
