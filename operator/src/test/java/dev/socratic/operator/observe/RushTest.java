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
        "'fifteen runs are none', 15, 0, false, 0",
        "'sixteen at once are one', 16, 0, true, 3999",
        "'which is over 4 s later', 16, 0, false, 4000",
        "'sixteen in more than 4 s are none', 16, 270, false, 4050",
        "'it goes on while runs start', 100, 200, true, 20000",
        "'and is over soon after the last one', 100, 200, false, 21000",
        "'and 30 s after it became one in any case', 300, 200, false, 33000",
        "'although runs go on starting', 600, 200, false, 119800",
    })
    void lasts(String fact, int runs, int millisBetween, boolean rushes, int atMillis) {
        Rush rush = new Rush();
        IntStream.range(0, runs)
                .mapToObj(run -> BEGIN.plusMillis((long) run * millisBetween))
                .filter(start -> !start.isAfter(BEGIN.plusMillis(atMillis)))
                .forEach(rush::started);
        assertThat(BEGIN.plusMillis(atMillis).isBefore(rush.end())).isEqualTo(rushes);
    }
}
