package dev.socratic.api.v1alpha1.spec;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Size;
import java.util.List;

/** What is added to the model's own tokenizer. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record TokenizerSpec(
        @JsonPropertyDescription(
                "Special tokens added as add_special_tokens does: never split, never merged with their neighbours.")
        @Size(max = 1024)
        List<@Size(min = 1, max = 256) String> additionalSpecialTokens) {
    public TokenizerSpec {
        additionalSpecialTokens = additionalSpecialTokens == null ? List.of() : List.copyOf(additionalSpecialTokens);
    }
}
