package dev.socratic.api.v1alpha1.spec;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Format of the frozen weights of the linear layers. */
public enum QuantizationType {
    @JsonProperty("nf4")
    NF4
}
