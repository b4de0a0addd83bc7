package dev.socratic.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;

import dev.socratic.trainer.tokenizer.ChatTokenizer;
import dev.socratic.trainer.tokenizer.SpecialTokenText;
import dev.socratic.trainer.tokenizer.SpecialTokens;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TextGoldenTest {
    @ParameterizedTest
    @ValueSource(strings = {"byte-fallback", "byte-level", "all-tokens"})
    void idsAndLabelsAreThoseOfTransformers(String name) throws IOException {
        TextCase text = TextCase.named(name);
        try (ChatTokenizer tokenizer = text.tokenizer()) {
            assertThat(tokenizer.size()).isEqualTo(text.settings().size());
            assertThat(tokenized(text, tokenizer)).isEqualTo(golden(text));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"byte-fallback", "byte-level"})
    void decodedTextIsThatOfTransformers(String name) throws IOException {
        TextCase text = TextCase.named(name);
        try (ChatTokenizer tokenizer = text.tokenizer()) {
            for (TextCase.Decoded decoded : text.settings().decoded()) {
                assertThat(tokenizer.decode(decoded.ids(), SpecialTokenText.KEEP))
                        .isEqualTo(decoded.kept());
                assertThat(tokenizer.decode(decoded.ids(), SpecialTokenText.SKIP))
                        .isEqualTo(decoded.skipped());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"byte-fallback", "byte-level"})
    void aSavedTokenizerGivesTheSameIdsWithNothingToAdd(String name, @TempDir Path saved) throws IOException {
        TextCase text = TextCase.named(name);
        try (ChatTokenizer tokenizer = text.tokenizer()) {
            tokenizer.save(saved);
            try (ChatTokenizer again = ChatTokenizer.load(saved, List.of())) {
                assertThat(again.size()).isEqualTo(tokenizer.size());
                assertThat(again.encode("新語です。", SpecialTokens.ADD))
                        .usingRecursiveComparison()
                        .isEqualTo(tokenizer.encode("新語です。", SpecialTokens.ADD));
                assertThat(tokenized(text, again)).isEqualTo(golden(text));
            }
        }
    }

    /** Readers without tokenizer.json, such as llama.cpp for Gemma, take the vocabulary from SentencePiece's own file. */
    @Test
    void theFileOfSentencePieceGoesAlong(@TempDir Path model, @TempDir Path saved) throws IOException {
        TextCase text = TextCase.named("byte-fallback");
        for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
            Files.copy(text.folder().resolve(file), model.resolve(file));
        }
        byte[] pieces = {10, 5, 0, -1};
        Files.write(model.resolve("tokenizer.model"), pieces);
        try (ChatTokenizer tokenizer = ChatTokenizer.load(model, List.of("新語"))) {
            tokenizer.save(saved);
        }
        assertThat(saved.resolve("tokenizer.model")).hasBinaryContent(pieces);
    }

    static List<String> tokenized(TextCase text, ChatTokenizer tokenizer) {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        new TokenizedOutput(new PrintStream(printed, false, StandardCharsets.UTF_8))
                .print(
                        text.folder().resolve("train.jsonl"),
                        tokenizer,
                        text.dataset(),
                        text.settings().maxSequenceLength());
        return printed.toString(StandardCharsets.UTF_8).lines().toList();
    }

    static List<String> golden(TextCase text) throws IOException {
        return Files.readAllLines(text.folder().resolve("golden.jsonl"));
    }
}
