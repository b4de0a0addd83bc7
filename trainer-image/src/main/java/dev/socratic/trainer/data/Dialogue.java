package dev.socratic.trainer.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.socratic.trainer.failure.JsonErrors;
import dev.socratic.trainer.failure.Problem;
import dev.socratic.trainer.tokenizer.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** One line of a dataset, in one of the three forms. Keys beside those of the form (an id, a source) are left alone. */
sealed interface Dialogue {
    /** {@code {"messages": [{"role": "user", "content": "…"}, …]}}. */
    record Messages(List<Message> messages) implements Dialogue {}

    /** {@code {"prompt": "…", "completion": "…"}}. */
    record PromptCompletion(String prompt, String completion) implements Dialogue {}

    /** {@code {"text": "…"}}. */
    record Text(String text) implements Dialogue {}

    String FORMS = "one of {\"messages\": [{\"role\", \"content\"}, …]}, {\"prompt\", \"completion\"}, {\"text\"}";
    Set<String> ROLES = Set.of("system", "user", Message.ASSISTANT);
    ObjectMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    /** @throws BadData naming {@code where} (file and line) and the field */
    static Dialogue parse(String line, String where) {
        JsonNode root;
        try {
            root = JSON.readTree(line);
        } catch (JsonProcessingException e) {
            throw bad(
                    where, "the line is not JSON: " + JsonErrors.describe(e), excerpt(line), "one JSON object a line");
        }
        if (!root.isObject()) {
            throw bad(where, "the line is not a JSON object", excerpt(line), FORMS);
        }
        boolean messages = root.has("messages");
        boolean pair = root.has("prompt") || root.has("completion");
        boolean text = root.has("text");
        if ((messages ? 1 : 0) + (pair ? 1 : 0) + (text ? 1 : 0) != 1) {
            String fact = messages || pair || text ? "the line has more than one form" : "the line has no known form";
            throw bad(where, fact, "keys " + String.join(", ", names(root)), FORMS);
        }
        if (messages) {
            return new Messages(messages(root.get("messages"), where));
        }
        if (pair) {
            return new PromptCompletion(
                    text(root, "prompt", "prompt", where), text(root, "completion", "completion", where));
        }
        return new Text(text(root, "text", "text", where));
    }

    private static List<Message> messages(JsonNode array, String where) {
        if (!array.isArray() || array.isEmpty()) {
            throw bad(
                    where,
                    "messages is not a list of turns",
                    excerpt(array.toString()),
                    "at least one {\"role\", \"content\"}");
        }
        List<Message> messages = new ArrayList<>(array.size());
        for (int i = 0; i < array.size(); i++) {
            messages.add(message(array.get(i), "messages[" + i + "]", where));
        }
        return messages;
    }

    private static Message message(JsonNode turn, String field, String where) {
        if (!turn.isObject()) {
            throw bad(where, field + " is not a turn", excerpt(turn.toString()), "{\"role\", \"content\"}");
        }
        for (Map.Entry<String, JsonNode> entry : turn.properties()) {
            boolean known = entry.getKey().equals("role") || entry.getKey().equals("content");
            if (!known && !entry.getValue().isNull()) {
                throw bad(where, field + " has a key that would be ignored", entry.getKey(), "role and content");
            }
        }
        String role = text(turn, "role", field + ".role", where);
        if (!ROLES.contains(role)) {
            throw bad(where, field + ".role is unknown", role, "system, user, assistant");
        }
        return new Message(role, text(turn, "content", field + ".content", where));
    }

    private static String text(JsonNode object, String key, String field, String where) {
        JsonNode value = object.get(key);
        if (value == null) {
            throw bad(where, field + " is missing", "keys " + String.join(", ", names(object)), "a string");
        }
        if (!value.isTextual()) {
            throw bad(where, field + " is not a string", excerpt(value.toString()), "a string");
        }
        String text = value.textValue();
        if (text.codePoints().anyMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE)) {
            throw bad(
                    where,
                    field + " holds half of a surrogate pair (\\ud800 to \\udfff)",
                    excerpt(text),
                    "Unicode text");
        }
        return text;
    }

    private static List<String> names(JsonNode object) {
        List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }

    private static String excerpt(String text) {
        int end = Math.min(text.length(), 60);
        return end == text.length() ? text : text.substring(0, end) + "…";
    }

    private static BadData bad(String where, String fact, String found, String allowed) {
        Problem problem = BadData.what(fact).where(where).found(found).allowed(allowed);
        return new BadData(problem.remedy("correct or remove the line"));
    }
}
