package dev.socratic.api.v1alpha1.status;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;

/** The last checkpoint. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record CheckpointStatus(
        @JsonPropertyDescription("Optimizer step that it holds.")
        Integer step,

        @JsonPropertyDescription("Where it is.") String uri) {}
