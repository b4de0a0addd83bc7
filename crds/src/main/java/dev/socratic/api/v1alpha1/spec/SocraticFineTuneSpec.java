package dev.socratic.api.v1alpha1.spec;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.ValidationRule;

/** The fine-tuning that is asked for. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@ValidationRule(
        value =
                "!has(self.training.earlyStoppingPatience) || ((has(self.dataset.evalUri) || has(self.dataset.evalSplit)) && self.training.evalEverySteps > 0)",
        message =
                "training.earlyStoppingPatience is given, but nothing is evaluated; allowed: with dataset.evalUri or dataset.evalSplit, and training.evalEverySteps above 0",
        fieldPath = ".training.earlyStoppingPatience")
public record SocraticFineTuneSpec(
        @JsonPropertyDescription("The base model.") @Required
        ModelSpec model,

        @JsonPropertyDescription("What is added to the model's own tokenizer.") @Default("{}")
        TokenizerSpec tokenizer,

        @JsonPropertyDescription("Quantization of the frozen linear layers; absent: none.")
        QuantizationSpec quantization,

        @JsonPropertyDescription("The low-rank adapter that is trained.") @Default("{}")
        LoraSpec lora,

        @JsonPropertyDescription("The dialogues to learn from.") @Required
        DatasetSpec dataset,

        @JsonPropertyDescription("Hyperparameters of the training loop.") @Default("{}")
        TrainingSpec training,

        @JsonPropertyDescription("What the model is asked before and after training, for the report.") @Default("{}")
        EvaluationSpec evaluation,

        @JsonPropertyDescription("Where the run happens and how the model is spread there.") @Default("{}")
        PlacementSpec placement,

        @JsonPropertyDescription("Where the adapter goes.") @Required
        OutputSpec output,

        @JsonPropertyDescription("Whether the run is held back; a running one is stopped after a checkpoint.")
        @Default("false")
        boolean suspend,

        @JsonPropertyDescription(
                "Seconds that the finished Job is kept. The resource, its status and the adapter stay.")
        @Default("86400")
        @Min(0)
        @Max(2147483647)
        int ttlSecondsAfterFinished,

        @JsonPropertyDescription("Seconds that the run may take in all, over every attempt.") @Min(1) @Max(2147483647)
        Long activeDeadlineSeconds,

        @JsonPropertyDescription(
                "Attempts after the first that may fail before the run does; wrong configuration or data is never tried again.")
        @Default("3")
        @Min(0)
        @Max(100)
        int backoffLimit) {}
