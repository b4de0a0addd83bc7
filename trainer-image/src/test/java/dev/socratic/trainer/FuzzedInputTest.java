package dev.socratic.trainer;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.socratic.api.v1alpha1.spec.DatasetSpec;
import dev.socratic.api.v1alpha1.spec.LossScope;
import dev.socratic.trainer.checkpoint.Checkpoint;
import dev.socratic.trainer.checkpoint.SafetensorsWriter;
import dev.socratic.trainer.checkpoint.TensorToWrite;
import dev.socratic.trainer.data.Dialogues;
import dev.socratic.trainer.model.ModelConfig;
import dev.socratic.trainer.tokenizer.ChatTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
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
        ReadOrRefused.of(FuzzedInputTest::copyTensors, folder, "model.safetensors", file);
    }

    @FuzzTest
    void shardIndex(byte[] file) throws IOException {
        ReadOrRefused.of(FuzzedInputTest::copyTensors, folder, "model.safetensors.index.json", file);
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
        ReadOrRefused.of(FuzzedInputTest::readDialogues, folder, "train.jsonl", file);
    }

    private static void copyTensors(Path folder) {
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            Map<String, TensorToWrite> copies = new TreeMap<>();
            checkpoint.names().forEach(name -> copies.put(name, TensorToWrite.copyOf(checkpoint.tensor(name))));
            SafetensorsWriter.write(folder.resolve("copy"), Map.of(), copies);
        }
    }

    private static void loadTokenizer(Path folder) {
        ChatTokenizer.load(folder, List.of("。", "新語")).close();
    }

    private static void readDialogues(Path folder) {
        DatasetSpec dataset = new DatasetSpec("file:///d", null, LossScope.ASSISTANT, false, false, null);
        try (ChatTokenizer tokenizer = ChatTokenizer.load(folder, List.of())) {
            Dialogues.read(folder.resolve("train.jsonl"), tokenizer, dataset, 32);
        }
    }
}
