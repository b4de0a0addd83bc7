package dev.socratic.api.v1alpha1.spec;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** The low-rank adapter, in PEFT's terms. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record LoraSpec(
        @JsonPropertyDescription("Rank of the adapter.") @Default("16") @Min(1) @Max(1024)
        int r,

        @JsonPropertyDescription("Numerator of the scale alpha / r that the adapter is multiplied by.")
        @Default("32")
        @Min(1)
        @Max(65536)
        int alpha,

        @JsonPropertyDescription("Probability of dropping an input element of the adapter, at least 0 and below 1.")
        @Default("0.1")
        @Min(0)
        @Max(value = 1, inclusive = false)
        double dropout,

        @JsonPropertyDescription("Linear layers that get an adapter, by the last part of their name.")
        @Default("[\"q_proj\", \"k_proj\", \"v_proj\", \"o_proj\"]")
        @Size(min = 1, max = 64)
        List<@Size(min = 1, max = 256) String> targetModules,

        @JsonPropertyDescription(
                "Which biases are trained too: none, all (of the model), or lora_only (of the targeted layers).")
        @Default("none")
        LoraBias bias,

        @JsonPropertyDescription("Task of the adapted model: CAUSAL_LM.") @Default("CAUSAL_LM")
        TaskType taskType,

        @JsonPropertyDescription("Adapter to continue from instead of a fresh one, in the schemes of model.uri.")
        @Size(max = 2048)
        @ValidationRule(value = UriSchemes.MODEL_RULE, messageExpression = UriSchemes.MODEL_MESSAGE)
        String initialAdapterUri,

        @JsonPropertyDescription("Scale by alpha / sqrt(r) (rank-stabilized LoRA) instead of alpha / r.")
        @Default("false")
        boolean useRslora,

        @JsonPropertyDescription("Train magnitude and direction apart (weight-decomposed LoRA).") @Default("false")
        boolean useDora,

        @JsonPropertyDescription(
                "Modules that are trained in full and saved with the adapter, such as embed_tokens or lm_head.")
        @Size(max = 64)
        List<@Size(min = 1, max = 256) String> modulesToSave,

        @JsonPropertyDescription(
                "Ranks of some layers instead of r: the end of a layer's name, or a regular expression for it, such as layers.0.self_attn.q_proj, and the rank.")
        @Size(max = 256)
        Map<String, @Min(1) @Max(1024) Integer> rankPattern,

        @JsonPropertyDescription("Alphas of some layers instead of alpha, by names as in rankPattern.") @Size(max = 256)
        Map<String, @Min(1) @Max(65536) Integer> alphaPattern) {
    public LoraSpec {
        targetModules = targetModules == null ? List.of() : List.copyOf(targetModules);
        modulesToSave = modulesToSave == null ? List.of() : List.copyOf(modulesToSave);
        rankPattern = rankPattern == null ? Map.of() : Collections.unmodifiableMap(new LinkedHashMap<>(rankPattern));
        alphaPattern = alphaPattern == null ? Map.of() : Collections.unmodifiableMap(new LinkedHashMap<>(alphaPattern));
    }

    /** The rank of a layer by its full name, such as {@code model.layers.0.self_attn.q_proj}. */
    public int rankOf(String module) {
        return firstMatch(rankPattern, module).orElse(r);
    }

    /** The alpha of a layer by its full name. */
    public int alphaOf(String module) {
        return firstMatch(alphaPattern, module).orElse(alpha);
    }

    /** What the adapter's output is multiplied by. */
    public double scalingOf(String module) {
        int rank = rankOf(module);
        return alphaOf(module) / (useRslora ? Math.sqrt(rank) : rank);
    }

    /** Whether a pattern means a layer: as in PEFT, it must match the name's end, from a dot on. */
    public static boolean matches(String pattern, String module) {
        return Pattern.matches("(.*\\.)?(" + pattern + ")", module);
    }

    private static Optional<Integer> firstMatch(Map<String, Integer> patterns, String module) {
        return patterns.entrySet().stream()
                .filter(entry -> matches(entry.getKey(), module))
                .map(Map.Entry::getValue)
                .findFirst();
    }
}
