package dev.socratic.api.v1alpha1.spec;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;

/** The base model. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record ModelSpec(
        @JsonPropertyDescription(
                "Where the base model is: hf://OWNER/NAME, pvc://CLAIM/PATH, s3://BUCKET/KEY, https://HOST/PATH or oci://REGISTRY/NAME. On the command line also file:///PATH.")
        @Required
        @Size(max = 2048)
        @ValidationRule(value = UriSchemes.MODEL_RULE, messageExpression = UriSchemes.MODEL_MESSAGE)
        String uri,

        @JsonPropertyDescription(
                "Branch, tag or commit of an hf:// model. A commit pins it; the commit that was used is in status.modelRevision.")
        @Default("main")
        @Size(min = 1, max = 256)
        String revision,

        @JsonPropertyDescription(
                "Secret whose key HUGGINGFACE_TOKEN is used to download the model, for gated or private models.")
        SecretReference secretRef,

        @JsonPropertyDescription(
                "Accepted for compatibility with transformers. Code from a model repository is never run; an unknown architecture is an error.")
        @Default("false")
        boolean trustRemoteCode,

        @JsonPropertyDescription("Type that the weights are cast to when loaded: float16, bfloat16 or float32.")
        @Default("float16")
        Dtype dtype,

        @JsonPropertyDescription(
                "sdpa: fused attention, without Gemma-2's attention softcap. eager: with the softcap, as the model was trained.")
        @Default("sdpa")
        Attention attention) {}
