package dev.socratic.api.v1alpha1.spec;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Size;
import java.util.List;

/** What the model is asked before and after training; the replies go to the report. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record EvaluationSpec(
        @JsonPropertyDescription("Questions put to the model as a user turn.") @Size(max = 256)
        List<@Size(min = 1, max = 8192) String> prompts,

        @JsonPropertyDescription("Tokens a reply may have.") @Default("64") @Min(1) @Max(8192)
        int maxNewTokens) {
    public EvaluationSpec {
        prompts = prompts == null ? List.of() : List.copyOf(prompts);
    }
}
