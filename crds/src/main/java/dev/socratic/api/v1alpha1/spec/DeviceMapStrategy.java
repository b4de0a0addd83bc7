package dev.socratic.api.v1alpha1.spec;

import com.fasterxml.jackson.annotation.JsonProperty;

/** How layers are spread over devices, as in transformers' device_map. */
public enum DeviceMapStrategy {
    @JsonProperty("balanced")
    BALANCED,
    @JsonProperty("auto")
    AUTO,
    @JsonProperty("sequential")
    SEQUENTIAL
}
