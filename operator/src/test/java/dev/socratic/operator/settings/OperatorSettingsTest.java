package dev.socratic.operator.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OperatorSettingsTest {
    @Test
    void environmentIsRead() {
        OperatorSettings settings = OperatorSettings.from(Map.of(
                "SOCRATIC_NAMESPACES", "tutors, labs",
                "SOCRATIC_PROGRESS_POLL_INTERVAL", "250ms",
                "SOCRATIC_CHECKPOINTS_SIZE", "0",
                "SOCRATIC_ALLOWED_IMAGES", "registry.example/a, registry.example/b",
                "SOCRATIC_ALLOWED_TOLERATIONS", "",
                "PATH", "ignored"));
        assertThat(settings.namespaces()).containsExactlyInAnyOrder("tutors", "labs");
        assertThat(settings.progressPollInterval()).isEqualTo(Duration.ofMillis(250));
        assertThat(settings.checkpointsSize()).isEmpty();
        assertThat(settings.allowed().images()).containsExactly("registry.example/a", "registry.example/b");
        assertThat(settings.allowed().tolerations()).isEmpty();
        assertThat(settings.allowed().nodeLabels()).containsExactly("*");
    }

    @ParameterizedTest(name = "{0}={1} is refused with its name, value and what is allowed")
    @CsvSource({
        "SOCRATIC_PROGRESS_POLL_INTERVAL, 2 seconds, 'ms, s, m or h'",
        "SOCRATIC_HTTP_PORT, 70000, from 0 to 65535",
        "SOCRATIC_LOG_FORMAT, xml, 'json, text'",
        "SOCRATIC_RECONCILE_THREADS, many, from 1 to 1024",
        "SOCRATIC_CHECKPOINTS_SIZE, big, quantity",
    })
    void badValue(String variable, String value, String allowed) {
        assertThatThrownBy(() -> OperatorSettings.from(Map.of(variable, value)))
                .isInstanceOf(InvalidSetting.class)
                .hasMessageContaining(variable)
                .hasMessageContaining(value)
                .hasMessageContaining(allowed);
    }
}
