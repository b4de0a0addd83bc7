package dev.socratic.api.v1alpha1.status;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;

/** The last optimizer step that is known. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record Progress(
        @JsonPropertyDescription("Optimizer steps done.") Integer step,

        @JsonPropertyDescription("Optimizer steps in all.") Integer totalSteps,

        @JsonPropertyDescription("Passes over the examples so far.")
        Double epoch,

        @JsonPropertyDescription("Mean loss of the label tokens of the step.")
        Double loss,

        @JsonPropertyDescription("Loss of the last evaluation.")
        Double evalLoss,

        @JsonPropertyDescription("Learning rate of the step.")
        Double learningRate,

        @JsonPropertyDescription("Norm of the gradients before clipping.")
        Double gradNorm,

        @JsonPropertyDescription("Tokens a second.") Double tokensPerSecond,

        @JsonPropertyDescription("Seconds left, estimated.") Long etaSeconds,

        @JsonPropertyDescription("Time of the step, in RFC 3339.")
        String updatedAt,

        @JsonPropertyDescription("The same in the words of the printer columns.")
        ProgressDisplay display) {}
