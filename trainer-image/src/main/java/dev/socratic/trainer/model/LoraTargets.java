package dev.socratic.trainer.model;

import dev.socratic.api.v1alpha1.spec.LoraSpec;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import dev.socratic.trainer.placement.ModelShape;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Holds {@code spec.lora} against the model: every name in it must mean something there. */
final class LoraTargets {
    private static final Map<String, String> EMBEDDINGS =
            Map.of("embed_tokens", ModelLoader.EMBEDDING, "lm_head", ModelLoader.HEAD);

    /** MIN_TARGET_MODULES_FOR_OPTIMIZATION in PEFT's constants.py. */
    private static final int SHORTENED = 20;

    private LoraTargets() {}

    /** The modules that {@code modulesToSave} names; only embeddings can be trained as a whole. */
    static List<String> embeddings(LoraSpec lora) {
        return lora.modulesToSave().stream()
                .distinct()
                .map(name -> {
                    String last = name.startsWith("model.") ? name.substring("model.".length()) : name;
                    if (!EMBEDDINGS.containsKey(last)) {
                        throw Problem.of(FailureReason.InvalidConfiguration, "this module cannot be trained as a whole")
                                .where("spec.lora.modulesToSave")
                                .found(name)
                                .allowed("embed_tokens, lm_head")
                                .remedy("name linear layers in spec.lora.targetModules, with a high rank")
                                .failure();
                    }
                    return EMBEDDINGS.get(last);
                })
                .toList();
    }

    /**
     * The targeted layers as PEFT writes them to an adapter's configuration: by the names given; for {@code all-linear} by
     * full names, which PEFT shortens to their last parts from {@link #SHORTENED} on.
     */
    static List<String> written(LoraSpec lora, List<LoraAdapter.Layer> targeted) {
        List<String> names = targeted.stream().map(LoraAdapter.Layer::module).toList();
        boolean whole = lora.targetModules().contains(ModelShape.ALL_LINEAR) && names.size() < SHORTENED;
        Stream<String> lastParts = names.stream().map(name -> name.substring(name.lastIndexOf('.') + 1));
        return whole ? names : lastParts.distinct().toList();
    }

    /** Every pattern must match a targeted layer: one that does not is a mistake. */
    static void check(LoraSpec lora, List<LoraAdapter.Layer> layers) {
        check("spec.lora.rankPattern", lora.rankPattern(), layers);
        check("spec.lora.alphaPattern", lora.alphaPattern(), layers);
    }

    private static void check(String field, Map<String, Integer> patterns, List<LoraAdapter.Layer> layers) {
        for (String pattern : patterns.keySet()) {
            boolean matched = layers.stream()
                    .filter(LoraAdapter.Layer::targeted)
                    .anyMatch(layer -> LoraSpec.matches(pattern, layer.module()));
            if (!matched) {
                throw Problem.of(FailureReason.InvalidConfiguration, "the pattern matches no targeted layer")
                        .where(field)
                        .found(pattern)
                        .allowed("the end of a name such as " + layers.get(0).module()
                                + ", from a dot on, or a regular expression for it")
                        .failure();
            }
        }
    }
}
