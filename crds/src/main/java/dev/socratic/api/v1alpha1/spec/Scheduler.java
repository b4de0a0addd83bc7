package dev.socratic.api.v1alpha1.spec;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Course of the learning rate after the warm-up. */
public enum Scheduler {
    @JsonProperty("linear")
    LINEAR,
    @JsonProperty("cosine")
    COSINE,
    @JsonProperty("constant")
    CONSTANT
}
