package dev.socratic.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.socratic.trainer.failure.TrainerFailure;
import dev.socratic.trainer.tokenizer.ChatTokenizer;
import dev.socratic.trainer.tokenizer.SpecialTokenText;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class DialoguesTest {
    @TempDir
    Path folder;

    static Stream<Arguments> badLines() {
        return Stream.of(
                arguments("{\"text\": \"a\"", "the line is not JSON"),
                arguments("{\"text\": \"a\"} x", "the line is not JSON"),
                arguments("[1]", "the line is not a JSON object"),
                arguments("{\"question\": \"a\"}", "the line has no known form: found \"keys question\""),
                arguments("{\"text\": \"a\", \"prompt\": \"b\"}", "the line has more than one form"),
                arguments("{\"prompt\": \"b\"}", "completion is missing"),
                arguments("{\"text\": null}", "text is not a string: found \"null\""),
                arguments("{\"text\": \"\\ud83d\"}", "text holds half of a surrogate pair"),
                arguments("{\"messages\": []}", "messages is not a list of turns"),
                arguments("{\"messages\": [\"hi\"]}", "messages[0] is not a turn"),
                arguments("{\"messages\": [{\"role\": \"user\"}]}", "messages[0].content is missing"),
                arguments(
                        "{\"messages\": [{\"role\": \"bot\", \"content\": \"a\"}]}",
                        "messages[0].role is unknown: found \"bot\"; allowed: system, user, assistant"),
                arguments(
                        "{\"messages\": [{\"role\": \"user\", \"content\": \"a\", \"weight\": 0}]}",
                        "messages[0] has a key that would be ignored: found \"weight\""),
                arguments(
                        "{\"messages\": [{\"role\": \"system\", \"content\": \"a\"}]}",
                        "the model's chat template refuses the dialogue: found \"no system turn, please\""));
    }

    @ParameterizedTest
    @MethodSource("badLines")
    void aBadLineIsNamedByItsNumber(String line, String message) throws IOException {
        Path file = write("\uFEFF{\"text\": \"ok\"}\r\n\n" + line + "\n");
        assertThatThrownBy(() -> read(file, 64))
                .isInstanceOf(BadData.class)
                .hasMessageStartingWith("train.jsonl:3: " + message)
                .extracting(e -> ((TrainerFailure) e).exitCode())
                .isEqualTo(65);
    }

    @Test
    void bytesThatAreNotUtf8AreNamedByTheirLine() throws IOException {
        Path file = folder.resolve("train.jsonl");
        Files.write(file, "{\"text\": \"ok\"}\n{\"text\": \"caf\u00e9\"}".getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> read(file, 64)).hasMessageStartingWith("train.jsonl:2: the line is not UTF-8");
    }

    @Test
    void aDatasetWithoutALineIsRefused() throws IOException {
        Path file = write("\n  \n");
        assertThatThrownBy(() -> read(file, 64)).isInstanceOf(BadData.class).hasMessageContaining("no example");
    }

    @Test
    void anExampleWhoseLabelsAreCutOffKeepsItsPlace() throws IOException {
        Path file = write("{\"prompt\": \"なぜ空は青いのですか？\", \"completion\": \"光\"}\n{\"text\": \"a\"}\n");
        List<Example> examples = read(file, 5);
        assertThat(examples).extracting(Example::length).containsExactly(5, 3);
        assertThat(examples).extracting(Example::learnedTokens).containsExactly(0, 2);
    }

    @Test
    void onlyTheAssistantsTurnsAreLearned() throws IOException {
        Path file = write(
                "{\"messages\": [{\"role\": \"user\", \"content\": \"なぜ\"}, {\"role\": \"assistant\", \"content\":"
                        + " \" 光は \"}, {\"role\": \"user\", \"content\": \"光は\"}, {\"role\": \"assistant\", \"content\": \"\"}]}");
        try (ChatTokenizer tokenizer = tokenizer()) {
            Example example = read(file, 64).get(0);
            int[] learned = Arrays.stream(example.labels())
                    .filter(label -> label != Example.IGNORED)
                    .toArray();
            assertThat(tokenizer.decode(learned, SpecialTokenText.KEEP)).isEqualTo("光は</turn></turn>");
        }
    }

    private Path write(String text) throws IOException {
        return Files.writeString(folder.resolve("train.jsonl"), text);
    }

    private static ChatTokenizer tokenizer() throws IOException {
        return TextCase.named("byte-fallback").tokenizer();
    }

    private static List<Example> read(Path file, int maxSequenceLength) throws IOException {
        try (ChatTokenizer tokenizer = tokenizer()) {
            return Dialogues.read(
                    file, tokenizer, TextCase.named("byte-fallback").dataset(), maxSequenceLength);
        }
    }
}
