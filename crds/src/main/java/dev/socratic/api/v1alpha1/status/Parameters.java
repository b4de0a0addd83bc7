package dev.socratic.api.v1alpha1.status;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;

/** Sizes of the model that is trained. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record Parameters(
        @JsonPropertyDescription("Parameters that are trained.")
        Long trainable,

        @JsonPropertyDescription("Parameters in all.") Long total) {}
