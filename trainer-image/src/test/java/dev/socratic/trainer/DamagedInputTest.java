package dev.socratic.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import dev.socratic.api.v1alpha1.spec.DatasetSpec;
import dev.socratic.api.v1alpha1.spec.LossScope;
import dev.socratic.trainer.checkpoint.Checkpoint;
import dev.socratic.trainer.checkpoint.SafetensorsWriter;
import dev.socratic.trainer.checkpoint.TensorToWrite;
import dev.socratic.trainer.data.Dialogues;
import dev.socratic.trainer.failure.TrainerFailure;
import dev.socratic.trainer.model.ModelConfig;
import dev.socratic.trainer.tokenizer.ChatTokenizer;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Files that come from elsewhere, damaged in thousands of ways: each is read, or refused with a message for people.
 * Nothing crashes, hangs, or takes memory out of proportion to the file.
 */
class DamagedInputTest {
    private static final int TIMES = Integer.getInteger("damaged.times", 1500);

    @TempDir
    Path folder;

    /** @param file the one that is damaged */
    record Input(String file, Path sound, ReadOrRefused.Reader reader) {
        @Override
        public String toString() {
            return sound.getParent().getFileName() + "/" + file;
        }
    }

    /** A panic of the native tokenizers library ends the process: this one came of a damaged file. */
    @Test
    void whatTheNativeLibraryWouldPanicAtIsRefusedBefore() throws IOException, URISyntaxException {
        Path model = Path.of(
                DamagedInputTest.class.getResource("/text/byte-fallback").toURI());
        copyBeside(model.resolve("tokenizer.json"));
        Path file = folder.resolve("tokenizer.json");
        String prefix = "\"continuing_subword_prefix\": ";
        String json = Files.readString(file);
        assertThat(json).contains(prefix + "null");
        Files.writeString(file, json.replace(prefix + "null", prefix + "\"x\""));
        assertThatThrownBy(() -> ChatTokenizer.load(folder, List.of()))
                .isInstanceOf(TrainerFailure.class)
                .hasMessageContaining("continuing_subword_prefix");
    }

    static Stream<Input> inputs() throws URISyntaxException {
        Path models = Path.of("src/test/resources/dev/socratic/trainer/train/models");
        Path text = Path.of(DamagedInputTest.class.getResource("/text").toURI());
        ReadOrRefused.Reader config = ModelConfig::read;
        ReadOrRefused.Reader tokenizer =
                folder -> ChatTokenizer.load(folder, List.of("。", "新語")).close();
        return Stream.of(
                new Input("config.json", models.resolve("gemma3/config.json"), config),
                new Input("config.json", models.resolve("llama3/config.json"), config),
                new Input("config.json", models.resolve("phi3/config.json"), config),
                new Input("model.safetensors", models.resolve("mistral/model.safetensors"), DamagedInputTest::weights),
                new Input("tokenizer.json", text.resolve("byte-fallback/tokenizer.json"), tokenizer),
                new Input("tokenizer_config.json", text.resolve("byte-level/tokenizer_config.json"), tokenizer),
                new Input("train.jsonl", text.resolve("byte-fallback/train.jsonl"), DamagedInputTest::dialogues));
    }

    static void weights(Path folder) {
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            Map<String, TensorToWrite> copies = new TreeMap<>();
            checkpoint.names().forEach(name -> copies.put(name, TensorToWrite.copyOf(checkpoint.tensor(name))));
            SafetensorsWriter.write(folder.resolve("copy"), Map.of(), copies);
        }
    }

    static void dialogues(Path folder) {
        DatasetSpec dataset = new DatasetSpec("file:///d", null, LossScope.ASSISTANT, false, false, null);
        try (ChatTokenizer tokenizer = ChatTokenizer.load(folder, List.of())) {
            Dialogues.read(folder.resolve("train.jsonl"), tokenizer, dataset, 32);
        }
    }

    @ParameterizedTest
    @MethodSource("inputs")
    @Timeout(300)
    void isReadOrRefused(Input input) throws IOException {
        copyBeside(input.sound);
        byte[] sound = Files.readAllBytes(input.sound);
        input.reader.read(folder);
        int refused = 0;
        int times = input.file.equals("train.jsonl") ? TIMES / 10 : TIMES;
        for (int seed = 0; seed < times; seed++) {
            byte[] damaged = new Damaged(seed).of(sound);
            try {
                ReadOrRefused result = ReadOrRefused.of(input.reader, folder, input.file, damaged);
                refused += result == ReadOrRefused.REFUSED ? 1 : 0;
            } catch (RuntimeException | Error crash) {
                fail("seed " + seed + " of " + input, crash);
            }
        }
        assertThat(refused).as("refused of %d", times).isGreaterThan(times / 20);
    }

    private void copyBeside(Path sound) throws IOException {
        try (Stream<Path> beside = Files.list(sound.getParent())) {
            for (Path file : beside.filter(Files::isRegularFile).toList()) {
                Files.copy(file, folder.resolve(file.getFileName()));
            }
        }
    }
}
