package dev.socratic.api.v1alpha1.spec;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Optimizer of the trainable parameters. */
public enum Optimizer {
    @JsonProperty("adamw")
    ADAMW
}
