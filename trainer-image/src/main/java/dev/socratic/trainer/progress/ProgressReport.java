package dev.socratic.trainer.progress;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.socratic.trainer.storage.PublishedOutput;
import java.util.List;

/**
 * The run in one object: the answer to {@code GET /progress} and the container's termination message, read by the
 * operator. What is not known yet is null; numbers that are not finite are null too, since JSON has none.
 *
 * @param updatedAt RFC 3339, in UTC
 * @param report URI of report.html
 * @param reason in CamelCase when it failed
 * @param exitCode 0 while it runs
 */
@JsonPropertyOrder({"phase", "message", "step", "totalSteps"})
public record ProgressReport(
        RunPhase phase,
        String message,
        Integer step,
        Integer totalSteps,
        Double epoch,
        Double loss,
        Double evalLoss,
        Double learningRate,
        Double gradNorm,
        Double tokensPerSecond,
        Long etaSeconds,
        String updatedAt,
        String modelRevision,
        RunFacts.Parameters parameters,
        List<RunFacts.Device> devices,
        Checkpoint checkpoint,
        PublishedOutput adapter,
        String report,
        String reason,
        int exitCode) {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    /** The last state that training can go on from. */
    public record Checkpoint(int step, String uri) {}

    public String toJson() {
        try {
            return JSON.writeValueAsString(this);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    ProgressReport withMessage(String other) {
        return new ProgressReport(
                phase,
                other,
                step,
                totalSteps,
                epoch,
                loss,
                evalLoss,
                learningRate,
                gradNorm,
                tokensPerSecond,
                etaSeconds,
                updatedAt,
                modelRevision,
                parameters,
                devices,
                checkpoint,
                adapter,
                report,
                reason,
                exitCode);
    }

    ProgressReport withoutDevices() {
        return new ProgressReport(
                phase,
                message,
                step,
                totalSteps,
                epoch,
                loss,
                evalLoss,
                learningRate,
                gradNorm,
                tokensPerSecond,
                etaSeconds,
                updatedAt,
                modelRevision,
                parameters,
                List.of(),
                checkpoint,
                adapter,
                report,
                reason,
                exitCode);
    }
}
