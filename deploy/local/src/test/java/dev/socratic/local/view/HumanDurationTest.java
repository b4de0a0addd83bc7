package dev.socratic.local.view;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HumanDurationTest {
    @ParameterizedTest(name = "{0} s is {1}")
    @CsvSource({
        "-2,      <invalid>",
        "-1,      0s",
        "119,     119s",
        "120,     2m",
        "190,     3m10s",
        "600,     10m",
        "10799,   179m",
        "10800,   3h",
        "12300,   3h25m",
        "100000,  27h",
        "180000,  2d2h",
        "1000000, 11d",
    })
    void isWrittenAsKubectlDoes(long seconds, String text) {
        assertThat(HumanDuration.text(Duration.ofSeconds(seconds))).isEqualTo(text);
    }
}
