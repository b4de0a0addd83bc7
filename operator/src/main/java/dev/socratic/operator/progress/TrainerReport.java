package dev.socratic.operator.progress;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.socratic.api.v1alpha1.status.AdapterStatus;
import dev.socratic.api.v1alpha1.status.CheckpointStatus;
import dev.socratic.api.v1alpha1.status.DeviceStatus;
import dev.socratic.api.v1alpha1.status.Parameters;
import java.util.List;
import java.util.Optional;

/**
 * What a trainer says about its run: the answer to {@code GET /progress}, and the container's termination message.
 * Everything but the phase may be null.
 *
 * @param phase Resolving, Loading, Evaluating, Training, Exporting, Succeeded or Failed
 * @param updatedAt RFC 3339
 * @param reason why it failed, in CamelCase
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record TrainerReport(
        String phase,
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
        Parameters parameters,
        List<DeviceStatus> devices,
        CheckpointStatus checkpoint,
        AdapterStatus adapter,
        String report,
        String reason,
        Integer exitCode) {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    public TrainerReport {
        devices = devices == null ? List.of() : List.copyOf(devices);
    }

    /** Whether no checkpoint in it means that there is none: it goes on from one, or has begun at the first step. */
    public boolean hasLookedForCheckpoints() {
        return checkpoint != null || step != null;
    }

    /** The report in {@code json}; empty if it is none. */
    public static Optional<TrainerReport> parse(String json) {
        if (json == null || !json.stripLeading().startsWith("{")) {
            return Optional.empty();
        }
        try {
            return Optional.of(JSON.readValue(json, TrainerReport.class)).filter(report -> report.phase() != null);
        } catch (JsonProcessingException notAReport) {
            return Optional.empty();
        }
    }
}
