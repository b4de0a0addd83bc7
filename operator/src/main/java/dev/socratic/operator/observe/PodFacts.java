package dev.socratic.operator.observe;

import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodStatus;
import java.time.Instant;
import java.util.Comparator;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * What matters of a trainer's pod.
 *
 * @param jobUid the Job it belongs to, or null
 * @param node node it was bound to, or null
 * @param ip its address, or null
 * @param unschedulable the scheduler's message while it finds no node, or null
 * @param waiting why the container does not run, or null
 * @param runningSince when the container started, or null while it does not run
 * @param termination how the container ended, or null
 * @param endReason the kubelet's or API server's reason for ending the whole pod, such as Evicted, or null
 */
public record PodFacts(
        String name,
        String jobUid,
        String node,
        String ip,
        Life life,
        Instant createdAt,
        String unschedulable,
        Waiting waiting,
        Instant runningSince,
        Termination termination,
        String endReason) {
    private static final Set<String> OVER = Set.of("Succeeded", "Failed");

    static final Comparator<PodFacts> NEWEST_LAST = Comparator.comparing(
                    PodFacts::createdAt, Comparator.nullsFirst(Comparator.naturalOrder()))
            .thenComparing(PodFacts::name);

    public enum Life {
        ALIVE,
        ENDING,
        OVER
    }

    /** Whether its container ever ran. */
    public boolean started() {
        return runningSince != null || termination != null;
    }

    public boolean running() {
        return runningSince != null && termination == null && life != Life.OVER;
    }

    public boolean succeeded() {
        return termination != null && termination.exitCode() == 0;
    }

    static PodFacts of(Pod pod) {
        PodStatus status = Objects.requireNonNullElseGet(pod.getStatus(), PodStatus::new);
        Optional<ContainerState> container =
                status.getContainerStatuses().stream().findFirst().map(ContainerStatus::getState);
        return new PodFacts(
                pod.getMetadata().getName(),
                pod.getMetadata().getOwnerReferences().stream()
                        .filter(owner -> "Job".equals(owner.getKind()))
                        .map(OwnerReference::getUid)
                        .findFirst()
                        .orElse(null),
                pod.getSpec() == null ? null : pod.getSpec().getNodeName(),
                status.getPodIP(),
                life(pod, status),
                Times.parse(pod.getMetadata().getCreationTimestamp()),
                status.getConditions().stream()
                        .filter(PodFacts::unschedulable)
                        .map(PodCondition::getMessage)
                        .findFirst()
                        .orElse(null),
                container
                        .map(ContainerState::getWaiting)
                        .map(state -> new Waiting(state.getReason(), state.getMessage()))
                        .orElse(null),
                container
                        .map(ContainerState::getRunning)
                        .map(state -> Times.parse(state.getStartedAt()))
                        .orElse(null),
                container
                        .map(ContainerState::getTerminated)
                        .map(Termination::of)
                        .orElse(null),
                status.getReason());
    }

    private static Life life(Pod pod, PodStatus status) {
        if (status.getPhase() != null && OVER.contains(status.getPhase())) {
            return Life.OVER;
        }
        return pod.getMetadata().getDeletionTimestamp() == null ? Life.ALIVE : Life.ENDING;
    }

    private static boolean unschedulable(PodCondition condition) {
        return "PodScheduled".equals(condition.getType())
                && "False".equals(condition.getStatus())
                && "Unschedulable".equals(condition.getReason());
    }
}
