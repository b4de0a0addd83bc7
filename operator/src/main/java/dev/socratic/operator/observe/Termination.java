package dev.socratic.operator.observe;

import dev.socratic.operator.progress.TrainerReport;
import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/**
 * How a container ended.
 *
 * @param reason the kubelet's, such as OOMKilled; may be null
 * @param report the trainer's last words, if they can be read
 * @param text the termination message as it is
 */
public record Termination(
        int exitCode, String reason, Optional<TrainerReport> report, String text, Instant finishedAt) {
    static Termination of(ContainerStateTerminated state) {
        return new Termination(
                Objects.requireNonNullElse(state.getExitCode(), 0),
                state.getReason(),
                TrainerReport.parse(state.getMessage()),
                Objects.requireNonNullElse(state.getMessage(), ""),
                Times.parse(state.getFinishedAt()));
    }
}
