package dev.socratic.api.v1alpha1.status;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.kubernetes.api.model.Condition;
import java.util.List;

/** What is known about the run. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record SocraticFineTuneStatus(
        @JsonPropertyDescription("Where the run stands: Pending, Queued, Running, Succeeded, Failed or Suspended.")
        Phase phase,

        @JsonPropertyDescription("The phase in a sentence; on failure what went wrong and what to do.")
        String message,

        @JsonPropertyDescription("Ready, Reconciling and Stalled, as kstatus reads them.")
        List<Condition> conditions,

        @JsonPropertyDescription(
                "metadata.generation that this status is about; -1 before the operator has seen the resource.")
        Long observedGeneration,

        @JsonPropertyDescription("Hash of the part of spec that decides the result; another value is another run.")
        String runId,

        @JsonPropertyDescription("Job of the run.") String jobName,

        @JsonPropertyDescription("Node of the run's pod.") String nodeName,

        @JsonPropertyDescription("Time at which the pod first ran, in RFC 3339.")
        String startTime,

        @JsonPropertyDescription("Time at which the run ended, in RFC 3339.")
        String completionTime,

        @JsonPropertyDescription("Pods started for the run.")
        Integer attempts,

        @JsonPropertyDescription("Model without scheme, for people, such as google/gemma-2-2b-jpn-it.")
        String modelName,

        @JsonPropertyDescription("Commit of the model that was used.")
        String modelRevision,

        @JsonPropertyDescription("Sizes of the model.") Parameters parameters,

        @JsonPropertyDescription("The last step that is known.")
        Progress progress,

        @JsonPropertyDescription("Devices, their share of the model and their memory.")
        List<DeviceStatus> devices,

        @JsonPropertyDescription("The last checkpoint.") CheckpointStatus checkpoint,

        @JsonPropertyDescription("The adapter that was written.")
        AdapterStatus adapter,

        @JsonPropertyDescription("Where report.html is.") String report) {
    /** {@code observedGeneration} that the API server fills in where there is no status yet. */
    public static final long NOT_OBSERVED = -1;

    public SocraticFineTuneStatus {
        conditions = conditions == null ? List.of() : List.copyOf(conditions);
        devices = devices == null ? List.of() : List.copyOf(devices);
    }
}
