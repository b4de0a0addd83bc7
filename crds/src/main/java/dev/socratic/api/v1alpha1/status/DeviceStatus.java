package dev.socratic.api.v1alpha1.status;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;

/** A device and its share of the model. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record DeviceStatus(
        @JsonPropertyDescription("GPU index, or cpu.") String id,

        @JsonPropertyDescription("Name of the device.") String name,

        @JsonPropertyDescription("What is placed there, such as embed,0-7.")
        String layers,

        @JsonPropertyDescription("Bytes that may be used.") Long capBytes,

        @JsonPropertyDescription("Bytes that the plan counts.")
        Long plannedBytes,

        @JsonPropertyDescription("Most bytes that were used so far.")
        Long peakBytes) {}
