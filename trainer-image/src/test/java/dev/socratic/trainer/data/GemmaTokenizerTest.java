package dev.socratic.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.socratic.trainer.tokenizer.ChatTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The tokenizer of Gemma 2 over hard Japanese text, with the notebook's special tokens: src/test/parity/text.py. */
class GemmaTokenizerTest {
    private static final String FOLDER = "GEMMA_TOKENIZER";

    @Test
    void idsAndLabelsAreThoseOfTransformers(@TempDir Path model, @TempDir Path saved) throws IOException {
        String folder = System.getenv(FOLDER);
        assumeTrue(folder != null, "set " + FOLDER + " to what src/test/parity/gemma_tokenizer.sh has fetched");
        TextCase text = TextCase.named("gemma2");
        for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
            Files.copy(Path.of(folder, file), model.resolve(file));
        }
        Files.copy(text.folder().resolve("chat_template.jinja"), model.resolve("chat_template.jinja"));
        try (ChatTokenizer tokenizer = ChatTokenizer.load(model, text.settings().additionalSpecialTokens())) {
            assertThat(tokenizer.size()).isEqualTo(text.settings().size());
            assertThat(TextGoldenTest.tokenized(text, tokenizer)).isEqualTo(TextGoldenTest.golden(text));
            tokenizer.save(saved);
        }
        try (ChatTokenizer again = ChatTokenizer.load(saved, List.of())) {
            assertThat(TextGoldenTest.tokenized(text, again)).isEqualTo(TextGoldenTest.golden(text));
        }
    }
}
