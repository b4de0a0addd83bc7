package dev.socratic.trainer;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.socratic.trainer.model.ModelConfig;
import dev.socratic.trainer.tokenizer.ChatTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/**
 * Files that come from elsewhere, as a fuzzer that watches the branches makes them. The inputs in {@code
 * FuzzedInputTestInputs} are where it starts, and what it once found; without {@code JAZZER_FUZZ} only these are run.
 */
class FuzzedInputTest {
    private static final Path TEXT = Path.of("src/test/resources/text/byte-fallback");

    @TempDir
    Path folder;

    @BeforeEach
    void copyTokenizer() throws IOException {
        for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
            Files.copy(TEXT.resolve(file), folder.resolve(file));
        }
    }

    @FuzzTest
    void modelConfig(byte[] file) throws IOException {
        ReadOrRefused.of(ModelConfig::read, folder, "config.json", file);
    }

    @FuzzTest
    void safetensors(byte[] file) throws IOException {
        ReadOrRefused.of(DamagedInputTest::weights, folder, "model.safetensors", file);
    }

    @FuzzTest
    void shardIndex(byte[] file) throws IOException {
        ReadOrRefused.of(DamagedInputTest::weights, folder, "model.safetensors.index.json", file);
    }

    @FuzzTest
    void tokenizer(byte[] file) throws IOException {
        ReadOrRefused.of(FuzzedInputTest::loadTokenizer, folder, "tokenizer.json", file);
    }

    @FuzzTest
    void tokenizerConfig(byte[] file) throws IOException {
        ReadOrRefused.of(FuzzedInputTest::loadTokenizer, folder, "tokenizer_config.json", file);
    }

    @FuzzTest
    void dialogues(byte[] file) throws IOException {
        ReadOrRefused.of(DamagedInputTest::dialogues, folder, "train.jsonl", file);
    }

    private static void loadTokenizer(Path folder) {
        ChatTokenizer.load(folder, List.of("。", "新語")).close();
    }
}
