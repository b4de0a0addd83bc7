package dev.socratic.api.v1alpha1.spec;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Which bias parameters are trained beside the adapter, as in PEFT. */
public enum LoraBias {
    @JsonProperty("none")
    NONE,
    /** Every bias of the model. */
    @JsonProperty("all")
    ALL,
    /** The biases of the targeted linear layers. */
    @JsonProperty("lora_only")
    LORA_ONLY
}
