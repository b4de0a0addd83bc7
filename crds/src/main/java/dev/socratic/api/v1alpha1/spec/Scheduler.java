package dev.socratic.api.v1alpha1.spec;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Course of the learning rate after the warm-up. */
public enum Scheduler {
    @JsonProperty("linear")
    LINEAR,
    @JsonProperty("cosine")
    COSINE,
    @JsonProperty("constant")
    CONSTANT,
    /** 1 / sqrt of the steps, over the warm-up's or 10,000 where there is none. */
    @JsonProperty("inverse_sqrt")
    INVERSE_SQRT,
    /** In a straight line to 1e-7. */
    @JsonProperty("polynomial")
    POLYNOMIAL
}
