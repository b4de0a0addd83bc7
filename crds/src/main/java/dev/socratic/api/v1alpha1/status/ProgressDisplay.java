package dev.socratic.api.v1alpha1.status;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;

/** The progress in the words of the printer columns, since a JSON path can neither join nor round. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record ProgressDisplay(
        @JsonPropertyDescription("Step of steps, such as 120/300.")
        String step,

        @JsonPropertyDescription("Loss, such as 1.4127.") String loss,

        @JsonPropertyDescription("Tokens a second, such as 4210.")
        String tokensPerSecond,

        @JsonPropertyDescription("Time left, such as 3m10s.")
        String eta) {}
