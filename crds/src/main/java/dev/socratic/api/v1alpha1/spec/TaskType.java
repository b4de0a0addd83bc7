package dev.socratic.api.v1alpha1.spec;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What the adapted model is for, as in PEFT. */
public enum TaskType {
    @JsonProperty("CAUSAL_LM")
    CAUSAL_LM
}
