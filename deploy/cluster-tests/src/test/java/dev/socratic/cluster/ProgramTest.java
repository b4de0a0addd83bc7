package dev.socratic.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;

class ProgramTest {
    @Test
    void aFailingToolFailsItsTestWithAllItSaid() {
        Program shell = Program.named("sh").with(Map.of("WHO", "tutor"));
        assertThat(shell.run("-c", "echo $WHO; pwd")).isEqualTo("tutor\n" + Program.ROOT + "\n");
        assertThat(Program.ROOT.resolve("pom.xml")).exists();
        assertThatThrownBy(() -> shell.run("-c", "echo out; echo wrong >&2; exit 3"))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("wrong")
                .hasMessageContaining("out");
    }
}
