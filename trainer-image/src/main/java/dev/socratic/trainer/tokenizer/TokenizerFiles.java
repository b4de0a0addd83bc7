package dev.socratic.trainer.tokenizer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A model's tokenizer files as JSON trees: what AutoTokenizer.from_pretrained makes of them, then add_special_tokens.
 * Keys that mean nothing here stay as they are.
 *
 * <p>Source of the rules: transformers 5.23, tokenization_utils_base.py and tokenization_utils_tokenizers.py.
 */
final class TokenizerFiles {
    private static final String TOKENIZER = "tokenizer.json";
    private static final String CONFIG = "tokenizer_config.json";
    private static final String SPECIAL_TOKENS_MAP = "special_tokens_map.json";
    private static final String TEMPLATE = "chat_template.jinja";
    private static final String SENTENCE_PIECES = "tokenizer.model";
    private static final String ADDITIONAL = "additional_special_tokens";
    private static final String EXTRA = "extra_special_tokens";
    private static final String DECODER = "added_tokens_decoder";
    private static final List<String> NAMED =
            List.of("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token");
    private static final ObjectMapper JSON = JsonMapper.builder().build();

    private final ObjectNode tokenizer;
    private final ObjectNode config;
    private final Optional<ObjectNode> specialTokensMap;
    private final Optional<String> templateFile;
    private final Path sentencePieces;
    private final AddedTokens added;

    private TokenizerFiles(Path folder) {
        this.tokenizer =
                read(folder.resolve(TOKENIZER)).orElseThrow(() -> TokenizerNotFound.missing(folder.resolve(TOKENIZER)));
        this.config = read(folder.resolve(CONFIG)).orElseGet(JSON::createObjectNode);
        this.specialTokensMap = read(folder.resolve(SPECIAL_TOKENS_MAP));
        this.templateFile = text(folder.resolve(TEMPLATE));
        this.sentencePieces = folder.resolve(SENTENCE_PIECES);
        try {
            NativePanics.refuse(tokenizer);
            this.added = new AddedTokens(tokenizer);
        } catch (ClassCastException | IllegalArgumentException unsound) {
            throw TokenizerNotFound.unreadable(folder.resolve(TOKENIZER), unsound);
        }
    }

    static TokenizerFiles read(Path folder, List<String> additionalSpecialTokens) {
        TokenizerFiles files = new TokenizerFiles(folder);
        try {
            files.addConfiguredTokens();
        } catch (NumberFormatException noId) {
            throw TokenizerNotFound.unreadable(folder.resolve(CONFIG), noId);
        }
        files.addSpecialTokens(additionalSpecialTokens);
        files.added.write();
        return files;
    }

    private static Optional<ObjectNode> read(Path file) {
        return text(file).map(json -> {
            try {
                return (ObjectNode) JSON.readTree(json);
            } catch (JsonProcessingException | ClassCastException e) {
                throw TokenizerNotFound.unreadable(file, e);
            }
        });
    }

    private static Optional<String> text(Path file) {
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        try {
            return Optional.of(Files.readString(file));
        } catch (IOException e) {
            throw TokenizerNotFound.unreadable(file, e);
        }
    }

    private static byte[] bytes(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw TokenizerNotFound.unreadable(file, e);
        }
    }

    /** Tokens that tokenizer_config.json knows and tokenizer.json may not: from_pretrained adds them in this order. */
    private void addConfiguredTokens() {
        config.path(DECODER).properties().stream()
                .sorted((a, b) -> Integer.compare(Integer.parseInt(a.getKey()), Integer.parseInt(b.getKey())))
                .forEach(entry -> added.add(content(entry.getValue()).orElse(""), flags(entry.getValue())));
        for (String name : NAMED) {
            named(name).filter(token -> !added.contains(token)).ifPresent(added::special);
        }
        for (JsonNode token : additionalTokens()) {
            content(token).filter(text -> !added.contains(text)).ifPresent(added::special);
        }
    }

    private Iterable<JsonNode> additionalTokens() {
        JsonNode extra = config.path(EXTRA);
        return extra.isArray() && !extra.isEmpty() ? extra : config.path(ADDITIONAL);
    }

    private void addSpecialTokens(List<String> additional) {
        if (additional.isEmpty()) {
            return;
        }
        additional.forEach(added::special);
        config.set(ADDITIONAL, strings(additional));
        if (config.path(EXTRA).isArray()) {
            config.remove(EXTRA);
        }
    }

    private static ArrayNode strings(List<String> values) {
        ArrayNode array = JSON.createArrayNode();
        values.forEach(array::add);
        return array;
    }

    private static Map<String, Boolean> flags(JsonNode token) {
        Map<String, Boolean> flags = new LinkedHashMap<>();
        token.properties().forEach(entry -> {
            if (entry.getValue().isBoolean()) {
                flags.put(entry.getKey(), entry.getValue().booleanValue());
            }
        });
        return flags;
    }

    /** A token is written as a string or as an object with {@code content}. */
    private static Optional<String> content(JsonNode token) {
        JsonNode text = token.isObject() ? token.path("content") : token;
        return text.isTextual() ? Optional.of(text.textValue()) : Optional.empty();
    }

    /**
     * The text of bos_token, eos_token, pad_token and so on. special_tokens_map.json is the older file: it decides only
     * where tokenizer_config.json has no added_tokens_decoder, or nothing to say.
     */
    Optional<String> named(String name) {
        Optional<String> configured = content(config.path(name));
        Optional<String> mapped = specialTokensMap.flatMap(map -> content(map.path(name)));
        return config.has(DECODER) ? configured.or(() -> mapped) : mapped.or(() -> configured);
    }

    /** All variables {@code *_token} that a chat template may use. */
    Map<String, String> templateVariables() {
        Map<String, String> variables = new LinkedHashMap<>();
        config.fieldNames().forEachRemaining(key -> {
            if (key.endsWith("_token")) {
                content(config.path(key)).ifPresent(text -> variables.put(key, text));
            }
        });
        NAMED.forEach(name -> named(name).ifPresent(text -> variables.put(name, text)));
        return variables;
    }

    /** chat_template.jinja, else the config's chat_template (a string, or a list of which "default" is meant). */
    Optional<String> chatTemplate() {
        JsonNode configured = config.path("chat_template");
        if (configured.isArray()) {
            for (JsonNode template : configured) {
                if (template.path("name").asText().equals("default")) {
                    configured = template.path("template");
                }
            }
        }
        Optional<String> inConfig = content(configured);
        return templateFile.or(() -> inConfig);
    }

    AddedTokens added() {
        return added;
    }

    /** tokenizer.json for encoding: transformers neither truncates nor pads unless asked. */
    String encoderJson() {
        ObjectNode encoder = tokenizer.objectNode();
        encoder.setAll(tokenizer);
        encoder.putNull("truncation");
        encoder.putNull("padding");
        return encoder.toString();
    }

    /**
     * Writes the files so that transformers 4 and 5 both load them. SentencePiece's own file goes along as it is: llama.cpp
     * takes Gemma's vocabulary from there, and tokens beyond it from the added_tokens_decoder.
     */
    void save(Path folder) {
        write(folder.resolve(TOKENIZER), pretty(tokenizer));
        write(folder.resolve(CONFIG), pretty(savedConfig()));
        write(folder.resolve(SPECIAL_TOKENS_MAP), pretty(savedSpecialTokensMap()));
        templateFile.ifPresent(template -> write(folder.resolve(TEMPLATE), template));
        if (Files.isRegularFile(sentencePieces)) {
            write(folder.resolve(SENTENCE_PIECES), bytes(sentencePieces));
        }
    }

    /** transformers 4 knows neither a list under extra_special_tokens nor version 5's name of the class. */
    private ObjectNode savedConfig() {
        ObjectNode saved = config.deepCopy();
        if (saved.path(EXTRA).isArray()) {
            saved.set(ADDITIONAL, saved.remove(EXTRA));
        }
        if (saved.path("tokenizer_class").asText().equals("TokenizersBackend")) {
            saved.put("tokenizer_class", "PreTrainedTokenizerFast");
        }
        if (saved.has(DECODER)) {
            ObjectNode decoder = saved.putObject(DECODER);
            added.byId()
                    .forEach((id, token) ->
                            decoder.set(id.toString(), token.deepCopy().without("id")));
        }
        return saved;
    }

    private ObjectNode savedSpecialTokensMap() {
        ObjectNode saved = specialTokensMap.map(ObjectNode::deepCopy).orElseGet(() -> {
            ObjectNode map = JSON.createObjectNode();
            NAMED.forEach(name -> named(name).ifPresent(text -> map.put(name, text)));
            return map;
        });
        JsonNode additional = savedConfig().path(ADDITIONAL);
        if (additional.isArray()) {
            saved.set(ADDITIONAL, additional);
        }
        return saved;
    }

    private static String pretty(JsonNode json) {
        return json.toPrettyString() + "\n";
    }

    private static void write(Path file, String text) {
        write(file, text.getBytes(StandardCharsets.UTF_8));
    }

    private static void write(Path file, byte[] content) {
        Path beside = file.resolveSibling(file.getFileName() + ".part");
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            Files.write(beside, content);
            Files.move(beside, file, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw Problem.of(FailureReason.OutputNotWritable, "the tokenizer cannot be written: " + e.getMessage())
                    .where(file.toString())
                    .failure(e);
        }
    }
}
