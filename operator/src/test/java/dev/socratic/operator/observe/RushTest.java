package dev.socratic.operator.observe;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RushTest {
    private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "'thirty-one steps are none', 31, 0, false, 0",
        "'thirty-two at once are one', 32, 0, true, 3999",
        "'which is over 4 s later', 32, 0, false, 4000",
        "'thirty-two in more than 4 s are none', 32, 130, false, 4030",
        "'it goes on while runs start', 200, 100, true, 20000",
        "'and is over soon after the last one', 200, 100, false, 21000",
        "'and a minute after it became one in any case', 900, 100, false, 63100",
        "'although runs go on starting', 1200, 100, false, 119900",
    })
    void lasts(String fact, int steps, int millisBetween, boolean rushes, int atMillis) {
        Rush rush = new Rush();
        IntStream.range(0, steps)
                .mapToObj(step -> BEGIN.plusMillis((long) step * millisBetween))
                .filter(step -> !step.isAfter(BEGIN.plusMillis(atMillis)))
                .forEach(rush::step);
        assertThat(BEGIN.plusMillis(atMillis).isBefore(rush.end())).isEqualTo(rushes);
    }
}
