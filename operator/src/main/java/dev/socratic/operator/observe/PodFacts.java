package dev.socratic.operator.observe;

import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodStatus;
import java.time.Duration;
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
 * @param termination how the container ended, or null; one that never ran has no end, although the kubelet gives it one
 * @param disruption why Kubernetes takes the pod away, or null
 * @param endsBy when a pod that was told to end has to be gone, or null
 */
public record PodFacts(
        String name,
        String uid,
        String jobUid,
        String node,
        String ip,
        Life life,
        Instant createdAt,
        String unschedulable,
        Waiting waiting,
        Instant runningSince,
        Termination termination,
        Disruption disruption,
        Instant endsBy,
        Node nodeState) {
    private static final Set<String> OVER = Set.of("Succeeded", "Failed");

    private static final Set<String> ON_ITS_WAY = Set.of("ContainerCreating", "PodInitializing");

    /** How long a pod may outlive its grace period, while volumes are unmounted, before something is wrong. */
    private static final Duration LATE = Duration.ofMinutes(1);

    static final Comparator<PodFacts> NEWEST_LAST = Comparator.comparing(
                    PodFacts::createdAt, Comparator.nullsFirst(Comparator.naturalOrder()))
            .thenComparing(PodFacts::name);

    public enum Life {
        ALIVE,
        ENDING,
        OVER
    }

    /** Whether the pod's node is heard of. */
    public enum Node {
        ANSWERS,
        SILENT
    }

    /** Whether its container ever ran. */
    public boolean started() {
        return runningSince != null || termination != null;
    }

    public boolean running() {
        return runningSince != null && termination == null && life != Life.OVER;
    }

    /** Whether it is a pod as each is at first: nothing is known of it yet but that it is there. */
    public static boolean isOnItsWay(Pod pod) {
        PodFacts facts = of(pod).essence();
        return !facts.started()
                && facts.life == Life.ALIVE
                && facts.unschedulable == null
                && facts.waiting == null
                && facts.disruption == null;
    }

    public boolean succeeded() {
        return termination != null && termination.exitCode() == 0;
    }

    /** Whether it was told to end and does not: nobody knows whether its container still runs. */
    public boolean stuck(Instant now) {
        return lost() || life == Life.ENDING && now.isAfter(lateFrom());
    }

    /** Whether Kubernetes has given it up, as its node is not heard of. */
    public boolean lost() {
        return life == Life.ENDING && nodeState == Node.SILENT;
    }

    /** When a pod that was told to end is late. */
    public Instant lateFrom() {
        return endsBy == null ? Instant.MAX : endsBy.plus(LATE);
    }

    static PodFacts of(Pod pod) {
        PodStatus status = Objects.requireNonNullElseGet(pod.getStatus(), PodStatus::new);
        Optional<ContainerState> container =
                status.getContainerStatuses().stream().findFirst().map(ContainerStatus::getState);
        return new PodFacts(
                pod.getMetadata().getName(),
                pod.getMetadata().getUid(),
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
                        .map(condition -> Objects.requireNonNullElse(condition.getMessage(), condition.getReason()))
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
                        .filter(ended -> ended.getStartedAt() != null)
                        .map(Termination::of)
                        .orElse(null),
                disruption(status),
                Times.parse(pod.getMetadata().getDeletionTimestamp()),
                status.getConditions().stream().anyMatch(PodFacts::silent) ? Node.SILENT : Node.ANSWERS);
    }

    /** Whether something else may be decided now than before; a pod that gets a node and an address is no news. */
    public static boolean differ(Pod now, Pod before) {
        return !of(now).essence().equals(of(before).essence());
    }

    private PodFacts essence() {
        boolean onItsWay = waiting != null && ON_ITS_WAY.contains(waiting.reason());
        return new PodFacts(
                name,
                uid,
                jobUid,
                started() ? node : null,
                null,
                life,
                createdAt,
                unschedulable,
                onItsWay ? null : waiting,
                runningSince,
                termination,
                disruption,
                endsBy,
                started() ? nodeState : Node.ANSWERS);
    }

    private static Disruption disruption(PodStatus status) {
        return status.getConditions().stream()
                .filter(condition ->
                        "DisruptionTarget".equals(condition.getType()) && "True".equals(condition.getStatus()))
                .findFirst()
                .map(condition -> new Disruption(condition.getReason(), condition.getMessage()))
                .orElse(null);
    }

    /** The kubelet gives a reason for a pod that is not ready; the node controller, which speaks for a lost one, none. */
    private static boolean silent(PodCondition condition) {
        return "Ready".equals(condition.getType())
                && "False".equals(condition.getStatus())
                && (condition.getReason() == null || condition.getReason().isEmpty());
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
