package dev.socratic.api.v1alpha1.spec;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;

/** Where the adapter goes. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record OutputSpec(
        @JsonPropertyDescription(
                "Folder for the adapter and its report: pvc://CLAIM/PATH, oci://REGISTRY/NAME, s3://BUCKET/KEY or hf://OWNER/NAME. On the command line also file:///PATH.")
        @Required
        @Size(max = 2048)
        @ValidationRule(value = UriSchemes.OUTPUT_RULE, messageExpression = UriSchemes.OUTPUT_MESSAGE)
        String uri,

        @JsonPropertyDescription(
                "Secret that lets the run write to uri: of an hf:// repository the key HUGGINGFACE_TOKEN; else its keys become environment variables.")
        SecretReference secretRef,

        @JsonPropertyDescription("Whether the adapter is also merged into a copy of the model.") @Default("false")
        boolean merge) {}
