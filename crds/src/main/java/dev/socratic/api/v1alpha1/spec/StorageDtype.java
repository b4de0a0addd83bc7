package dev.socratic.api.v1alpha1.spec;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Element type that quantized weights are packed into. */
public enum StorageDtype {
    @JsonProperty("uint8")
    UINT8
}
