package dev.socratic.trainer.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The list {@code added_tokens} of a tokenizer.json, edited as add_tokens does it (tokenizers, added_vocabulary.rs): a
 * token that has an id keeps it and takes the new flags, any other gets the id after the last one.
 */
final class AddedTokens {
    private static final List<String> FLAGS = List.of("single_word", "lstrip", "rstrip", "normalized", "special");

    private final ObjectNode tokenizer;
    private final Map<String, Integer> vocabulary;
    private final Map<String, ObjectNode> tokens = new LinkedHashMap<>();

    AddedTokens(ObjectNode tokenizer) {
        this.tokenizer = tokenizer;
        this.vocabulary = vocabulary(tokenizer.path("model").path("vocab"));
        tokenizer
                .path("added_tokens")
                .forEach(token -> tokens.put(token.path("content").asText(), (ObjectNode) token));
    }

    private static Map<String, Integer> vocabulary(JsonNode vocab) {
        Map<String, Integer> ids = new HashMap<>(vocab.size() * 2);
        if (vocab.isObject()) {
            vocab.properties().forEach(entry -> ids.put(entry.getKey(), id(entry.getKey(), entry.getValue())));
        } else {
            for (int id = 0; id < vocab.size(); id++) {
                ids.put(vocab.get(id).path(0).asText(), id);
            }
        }
        return ids;
    }

    private static int id(String token, JsonNode id) {
        if (!id.isIntegralNumber() || !id.canConvertToInt() || id.intValue() < 0) {
            throw new IllegalArgumentException("the id of \"" + token + "\" is " + id);
        }
        return id.intValue();
    }

    /** What {@code AddedToken(content, normalized=False, special=True)} says. */
    void special(String content) {
        add(content, Map.of("special", true));
    }

    /** {@code flags} as in tokenizer_config.json's added_tokens_decoder; normalized is by default what special is not. */
    void add(String content, Map<String, Boolean> flags) {
        if (content.isEmpty()) {
            return;
        }
        ObjectNode token = tokens.get(content);
        if (token == null) {
            token = tokenizer.objectNode();
            token.put("id", idOf(content));
            token.put("content", content);
            tokens.put(content, token);
        }
        boolean special = flags.getOrDefault("special", false);
        for (String flag : FLAGS) {
            boolean byDefault = flag.equals("normalized") && !special;
            token.put(flag, flags.getOrDefault(flag, byDefault));
        }
    }

    private int idOf(String content) {
        Integer known = vocabulary.get(content);
        if (known != null) {
            return known;
        }
        int last = tokens.values().stream().mapToInt(AddedTokens::id).max().orElse(-1);
        return Math.max(last + 1, vocabulary.size());
    }

    private static int id(JsonNode token) {
        return token.path("id").intValue();
    }

    boolean contains(String content) {
        return tokens.containsKey(content);
    }

    /** len(tokenizer): ids of the model and of the added tokens. */
    int vocabularySize() {
        return vocabulary.size()
                + (int) tokens.keySet().stream()
                        .filter(content -> !vocabulary.containsKey(content))
                        .count();
    }

    /** By id, as tokenizers writes the list. */
    TreeMap<Integer, ObjectNode> byId() {
        TreeMap<Integer, ObjectNode> sorted = new TreeMap<>();
        tokens.values().forEach(token -> sorted.put(id(token), token));
        return sorted;
    }

    void write() {
        ArrayNode list = tokenizer.putArray("added_tokens");
        byId().values().forEach(list::add);
    }
}
