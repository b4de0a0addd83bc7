package dev.socratic.trainer.tokenizer;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.ZonedDateTime;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A model's tokenizer as AutoTokenizer.from_pretrained loads it, after
 * {@code add_special_tokens({"additional_special_tokens": [...]})}. Usable from several threads.
 */
public final class ChatTokenizer implements AutoCloseable {
    private final TokenizerFiles files;
    private final HuggingFaceTokenizer encoder;
    private final ZonedDateTime moment;
    private final Set<String> specialTokens = new TreeSet<>();

    private ChatTokenizer(TokenizerFiles files, HuggingFaceTokenizer encoder, ZonedDateTime moment) {
        this.files = files;
        this.encoder = encoder;
        this.moment = moment;
        files.added().byId().values().stream()
                .filter(token -> token.path("special").asBoolean())
                .forEach(token -> specialTokens.add(token.path("content").asText()));
    }

    /**
     * Loads tokenizer.json, tokenizer_config.json and, where they exist, special_tokens_map.json and
     * chat_template.jinja. Each additional token becomes special and is cut out of the text before the model splits it;
     * one that the vocabulary knows keeps its id, any other gets the next one.
     *
     * @throws TokenizerNotFound if the folder has no tokenizer.json, or one that cannot be read
     */
    public static ChatTokenizer load(Path modelFolder, List<String> additionalSpecialTokens) {
        TokenizerFiles files = TokenizerFiles.read(modelFolder, additionalSpecialTokens);
        byte[] json = files.encoderJson().getBytes(StandardCharsets.UTF_8);
        Map<String, String> options = Map.of("truncation", "false", "padding", "false");
        HuggingFaceTokenizer encoder;
        try {
            encoder = HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(json), options);
        } catch (IOException | RuntimeException e) {
            throw TokenizerNotFound.unreadable(modelFolder.resolve("tokenizer.json"), e);
        }
        ChatTokenizer tokenizer = new ChatTokenizer(files, encoder, ZonedDateTime.now());
        additionalSpecialTokens.forEach(tokenizer::checkId);
        return tokenizer;
    }

    /** tokenizers numbers added tokens by itself when it loads a file; a gap in the file's ids would shift them. */
    private void checkId(String token) {
        int[] ids = encode(token, SpecialTokens.NONE).ids();
        boolean asWritten = files.added().byId().entrySet().stream()
                .anyMatch(entry -> entry.getValue().path("content").asText().equals(token)
                        && Arrays.equals(ids, new int[] {entry.getKey()}));
        if (!asWritten && !token.isEmpty()) {
            throw Problem.of(FailureReason.InvalidConfiguration, "the model's tokenizer cannot take this token as one")
                    .where("spec.tokenizer.additionalSpecialTokens")
                    .found(token)
                    .remedy("leave the token out, or mend the ids of added_tokens in the model's tokenizer.json")
                    .failure();
        }
    }

    public Encoding encode(String text, SpecialTokens specials) {
        ai.djl.huggingface.tokenizers.Encoding encoding = encoder.encode(text, specials == SpecialTokens.ADD, false);
        int[] ids = Arrays.stream(encoding.getIds()).mapToInt(Math::toIntExact).toArray();
        return new Encoding(ids, charOffsets(text, encoding.getCharTokenSpans()));
    }

    /** tokenizers counts code points; Java's strings count UTF-16 chars. */
    private static int[][] charOffsets(String text, CharSpan[] spans) {
        int[] charOfCodePoint = charOfCodePoint(text);
        int[][] offsets = new int[spans.length][];
        for (int i = 0; i < spans.length; i++) {
            CharSpan span = spans[i];
            offsets[i] = span == null
                    ? new int[] {0, 0}
                    : new int[] {charOfCodePoint[span.getStart()], charOfCodePoint[span.getEnd()]};
        }
        return offsets;
    }

    private static int[] charOfCodePoint(String text) {
        int[] chars = new int[text.codePointCount(0, text.length()) + 1];
        for (int i = 1; i < chars.length; i++) {
            chars[i] = text.offsetByCodePoints(chars[i - 1], 1);
        }
        return chars;
    }

    public String decode(int[] ids, SpecialTokenText specials) {
        return encoder.decode(Arrays.stream(ids).asLongStream().toArray(), specials == SpecialTokenText.SKIP);
    }

    /** len(tokenizer): the rows that the embedding must have at least. */
    public int size() {
        return files.added().vocabularySize();
    }

    /** All tokens that are marked special, the additional ones included. */
    public Set<String> specialTokens() {
        return Set.copyOf(specialTokens);
    }

    public Optional<String> bosToken() {
        return files.named("bos_token");
    }

    public Optional<String> eosToken() {
        return files.named("eos_token");
    }

    public Optional<String> padToken() {
        return files.named("pad_token");
    }

    /** The id of a token of one piece, for example eosToken()'s; empty if the text is not one token. */
    public Optional<Integer> id(String token) {
        int[] ids = encode(token, SpecialTokens.NONE).ids();
        return ids.length == 1 ? Optional.of(ids[0]) : Optional.empty();
    }

    /** Whether the chat template may print the date of the day, so that tokens depend on it. */
    public boolean printsDate() {
        return files.chatTemplate().filter(ChatTemplate::printsDate).isPresent();
    }

    /** This tokenizer, with another moment for the dates that the chat template prints; closed with this one. */
    public ChatTokenizer asOf(ZonedDateTime other) {
        return new ChatTokenizer(files, encoder, other);
    }

    public boolean hasTemplate() {
        return files.chatTemplate().isPresent();
    }

    /** @throws dev.socratic.trainer.failure.TrainerFailure (InvalidConfiguration) if the model brings no chat template */
    public ChatTemplate template() {
        String source = files.chatTemplate()
                .orElseThrow(() -> Problem.of(FailureReason.InvalidConfiguration, "the model has no chat template")
                        .where("tokenizer_config.json")
                        .remedy(
                                "write the dataset as prompt and completion or as text, or use the instruction-tuned model")
                        .failure());
        return new ChatTemplate(source, files.templateVariables(), moment);
    }

    /** Writes the tokenizer with its special tokens and template, for transformers 4 and 5. */
    public void save(Path folder) {
        files.save(folder);
    }

    @Override
    public void close() {
        encoder.close();
    }
}
