package dev.socratic.trainer.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.socratic.api.v1alpha1.spec.LoraSpec;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Holds {@code spec.lora} against the model: every name in it must mean something there. */
final class LoraTargets {
    private static final String CONFIG = "adapter_config.json";
    private static final Map<String, String> EMBEDDINGS =
            Map.of("embed_tokens", ModelLoader.EMBEDDING, "lm_head", ModelLoader.HEAD);

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

    /** An initial adapter with other settings would compute something else with the same tensors. */
    static void checkConfig(LoraSpec lora, Path folder) {
        Path file = folder.resolve(CONFIG);
        if (!Files.isRegularFile(file)) {
            return;
        }
        JsonNode config = read(file);
        ObjectMapper json = new ObjectMapper();
        JsonNode wanted = json.createObjectNode()
                .put("lora_alpha", lora.alpha())
                .put("use_rslora", lora.useRslora())
                .put("use_dora", lora.useDora())
                .put("bias", lora.bias().name().toLowerCase(Locale.ROOT))
                .<ObjectNode>set("alpha_pattern", json.valueToTree(lora.alphaPattern()))
                .set("rank_pattern", json.valueToTree(lora.rankPattern()));
        wanted.properties().forEach(field -> {
            JsonNode found = config.path(field.getKey());
            if (!found.isMissingNode() && !found.isNull() && !same(found, field.getValue())) {
                throw Problem.of(
                                FailureReason.InvalidConfiguration, "the initial adapter was made with another setting")
                        .where("spec.lora." + fieldOf(field.getKey()))
                        .found(field.getValue())
                        .allowed(found + ", as in " + file)
                        .failure();
            }
        });
    }

    private static boolean same(JsonNode found, JsonNode wanted) {
        return found.isNumber() ? found.doubleValue() == wanted.doubleValue() : found.equals(wanted);
    }

    /** lora_alpha is alpha, use_dora is useDora. */
    private static String fieldOf(String key) {
        String[] words = (key.startsWith("lora_") ? key.substring("lora_".length()) : key).split("_");
        return words.length == 1
                ? words[0]
                : words[0] + words[1].substring(0, 1).toUpperCase(Locale.ROOT) + words[1].substring(1);
    }

    private static JsonNode read(Path file) {
        try {
            return new ObjectMapper().readTree(file.toFile());
        } catch (IOException e) {
            throw Problem.of(FailureReason.InvalidConfiguration, "the file is not JSON: " + e.getMessage())
                    .where(file.toString())
                    .remedy("write the adapter again")
                    .failure(e);
        }
    }
}
