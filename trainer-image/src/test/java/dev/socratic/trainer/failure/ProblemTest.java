package dev.socratic.trainer.failure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ProblemTest {
    static Stream<Arguments> messages() {
        Problem bare = Problem.of(FailureReason.InvalidData, "the line is no JSON");
        return Stream.of(
                arguments(bare, "the line is no JSON"),
                arguments(bare.where("train.jsonl:17"), "train.jsonl:17: the line is no JSON"),
                arguments(
                        bare.where("train.jsonl:17")
                                .found("{\"prompt\"")
                                .allowed("one object a line")
                                .remedy("close the brace"),
                        "train.jsonl:17: the line is no JSON: found \"{\"prompt\"\"; allowed: one object a line;"
                                + " what to do: close the brace"));
    }

    @ParameterizedTest
    @MethodSource("messages")
    void aMessageSaysWhereWhatFoundAllowedAndWhatToDo(Problem problem, String message) {
        assertThat(problem.failure())
                .hasMessage(message)
                .extracting(TrainerFailure::exitCode)
                .isEqualTo(65);
    }
}
