package dev.socratic.api.v1alpha1.spec;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;

/** The dialogues. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@ValidationRule(
        value = "!(has(self.evalUri) && has(self.evalSplit))",
        message = "evalUri and evalSplit are both given; allowed: one of them",
        fieldPath = ".evalSplit")
public record DatasetSpec(
        @JsonPropertyDescription(
                "Training examples as JSON lines: configmap://NAME/KEY, hf://OWNER/NAME/FILE, pvc://CLAIM/PATH, s3://BUCKET/KEY, https://HOST/PATH or oci://REGISTRY/NAME. On the command line also file:///PATH.")
        @Required
        @Size(max = 2048)
        @ValidationRule(value = UriSchemes.DATASET_RULE, messageExpression = UriSchemes.DATASET_MESSAGE)
        String uri,

        @JsonPropertyDescription("Examples for the evaluation loss, in the same schemes and format as uri.")
        @Size(max = 2048)
        @ValidationRule(value = UriSchemes.DATASET_RULE, messageExpression = UriSchemes.DATASET_MESSAGE)
        String evalUri,

        @JsonPropertyDescription(
                "Tokens that are learned: assistant (the assistant's turns, or the completion) or all.")
        @Default("assistant")
        LossScope loss,

        @JsonPropertyDescription(
                "Whether short examples are joined up to maxSequenceLength; each still sees itself alone.")
        @Default("false")
        boolean packing,

        @JsonPropertyDescription(
                "Whether examples are shuffled by training.seed each epoch; false keeps the order of the file.")
        @Default("true")
        boolean shuffle,

        @JsonPropertyDescription(
                "Share of the examples of uri that is held out for the evaluation loss, chosen by training.seed, above 0 and below 1; instead of evalUri.")
        @Min(value = 0, inclusive = false)
        @Max(value = 1, inclusive = false)
        Double evalSplit) {}
