package dev.socratic.trainer.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZonedDateTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FirstStartTest {
    private static final ZonedDateTime EVENING = ZonedDateTime.parse("2026-03-05T23:59:00+09:00[Asia/Tokyo]");

    @TempDir
    Path folder;

    @Test
    void anAttemptAfterMidnightHasTheDateOfTheFirstAndAnotherRunItsOwn() throws IOException {
        Path dataset = Files.writeString(folder.resolve("train.jsonl"), "{}");
        Path checkpoints = folder.resolve("checkpoints");
        ZonedDateTime morning = EVENING.plusHours(8);
        assertThat(FirstStart.of(checkpoints, "a", dataset, EVENING)).isEqualTo(EVENING);
        assertThat(FirstStart.of(checkpoints, "a", dataset, morning)).isEqualTo(EVENING);
        Files.writeString(dataset, "{ }");
        assertThat(FirstStart.of(checkpoints, "a", dataset, morning)).isEqualTo(morning);
        assertThat(FirstStart.of(checkpoints, "b", dataset, EVENING)).isEqualTo(EVENING);
    }
}
