package dev.socratic.trainer.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;

/**
 * What tokenizers 0.21 does not check before it relies on it: a tokenizer.json with one of these would end the whole
 * process, for a panic of the native library cannot be caught.
 */
final class NativePanics {
    private NativePanics() {}

    /** @throws IllegalArgumentException saying what is wrong */
    static void refuse(JsonNode tokenizer) {
        JsonNode model = tokenizer.path("model");
        String prefix = model.path("continuing_subword_prefix").asText("");
        if (model.path("continuing_subword_prefix").isTextual() && !prefix.isEmpty()) {
            model.path("merges").forEach(merge -> requirePrefix(merge, prefix));
        }
    }

    /** models/bpe/model.rs cuts the prefix off the second part by its length in bytes. */
    private static void requirePrefix(JsonNode merge, String prefix) {
        String second = merge.isArray()
                ? merge.path(1).asText("")
                : merge.asText("").substring(merge.asText("").indexOf(' ') + 1);
        byte[] bytes = second.getBytes(StandardCharsets.UTF_8);
        int length = prefix.getBytes(StandardCharsets.UTF_8).length;
        boolean insideCharacter = length < bytes.length && (bytes[length] & 0xC0) == 0x80;
        if (length > bytes.length || insideCharacter) {
            throw new IllegalArgumentException(
                    "the merge " + merge + " is shorter than continuing_subword_prefix \"" + prefix + "\"");
        }
    }
}
