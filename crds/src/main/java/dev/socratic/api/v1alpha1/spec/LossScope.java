package dev.socratic.api.v1alpha1.spec;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Which tokens of an example carry a label. */
public enum LossScope {
    @JsonProperty("assistant")
    ASSISTANT,
    @JsonProperty("all")
    ALL
}
