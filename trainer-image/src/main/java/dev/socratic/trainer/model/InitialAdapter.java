package dev.socratic.trainer.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.socratic.api.v1alpha1.spec.LoraSpec;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.JsonErrors;
import dev.socratic.trainer.failure.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Holds {@code spec.lora} against an adapter's own configuration. */
public final class InitialAdapter {
    private static final String CONFIG = "adapter_config.json";

    private InitialAdapter() {}

    /**
     * With other settings the same tensors would compute something else.
     *
     * @param folder of an adapter in PEFT's format; without adapter_config.json there is nothing to hold it against
     * @throws dev.socratic.trainer.failure.TrainerFailure naming the field that differs
     */
    public static void check(LoraSpec lora, Path folder) {
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
            throw Problem.of(FailureReason.InvalidConfiguration, "the file is not JSON: " + JsonErrors.describe(e))
                    .where(file.toString())
                    .remedy("write the adapter again")
                    .failure(e);
        }
    }
}
