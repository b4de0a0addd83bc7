package dev.socratic.api.v1alpha1.status;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;

/** The adapter that was written. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record AdapterStatus(
        @JsonPropertyDescription("Folder of the adapter.") String uri,

        @JsonPropertyDescription("SHA-256 of adapter_model.safetensors, in hexadecimal.")
        String sha256,

        @JsonPropertyDescription("Size of adapter_model.safetensors.")
        Long sizeBytes) {}
