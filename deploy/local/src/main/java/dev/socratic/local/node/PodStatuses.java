package dev.socratic.local.node;

import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateBuilder;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodConditionBuilder;
import io.fabric8.kubernetes.api.model.PodIP;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** The statuses that a kubelet writes: waiting, running, terminated. */
final class PodStatuses {
    private static final String HOST_IP = "127.0.0.1";

    private final Pod pod;
    private final Instant now;

    PodStatuses(Pod pod, Instant now) {
        this.pod = pod;
        this.now = now;
    }

    static boolean ended(Pod pod) {
        return pod.getStatus() != null
                && ("Succeeded".equals(pod.getStatus().getPhase())
                        || "Failed".equals(pod.getStatus().getPhase()));
    }

    PodStatus waiting(String reason, String message) {
        var state = new ContainerStateBuilder()
                .withNewWaiting()
                .withReason(reason)
                .withMessage(message)
                .endWaiting()
                .build();
        return status("Pending", container(state, Readiness.NOT_READY), Readiness.NOT_READY, "ContainersNotReady")
                .build();
    }

    PodStatus running(String address, Instant startedAt) {
        var state = new ContainerStateBuilder()
                .withNewRunning()
                .withStartedAt(text(startedAt))
                .endRunning()
                .build();
        return status("Running", container(state, Readiness.READY), Readiness.READY, null)
                .withPodIP(address)
                .withPodIPs(new PodIP(address))
                .build();
    }

    PodStatus terminated(int exitCode, String reason, String message, Instant startedAt) {
        var state = new ContainerStateBuilder()
                .withNewTerminated()
                .withExitCode(exitCode)
                .withReason(reason)
                .withMessage(message.isEmpty() ? null : message)
                .withStartedAt(text(startedAt))
                .withFinishedAt(text(now))
                .withContainerID("process://" + pod.getMetadata().getUid())
                .endTerminated()
                .build();
        String phase = exitCode == 0 ? "Succeeded" : "Failed";
        String why = exitCode == 0 ? "PodCompleted" : "PodFailed";
        return status(phase, container(state, Readiness.NOT_READY), Readiness.NOT_READY, why)
                .build();
    }

    static PodCondition condition(String type, String status, String reason, String message, Instant now) {
        return new PodConditionBuilder()
                .withType(type)
                .withStatus(status)
                .withReason(reason)
                .withMessage(message)
                .withLastTransitionTime(text(now))
                .build();
    }

    static boolean has(Pod pod, PodCondition wanted) {
        return pod.getStatus() != null
                && pod.getStatus().getConditions().stream()
                        .anyMatch(c -> c.getType().equals(wanted.getType())
                                && c.getStatus().equals(wanted.getStatus())
                                && Objects.equals(c.getMessage(), wanted.getMessage()));
    }

    /** The pod's conditions with this one in place of the one of its type; an unchanged status keeps its time. */
    static List<PodCondition> with(Pod pod, PodCondition condition) {
        List<PodCondition> conditions = pod.getStatus() == null
                ? new ArrayList<>()
                : new ArrayList<>(pod.getStatus().getConditions());
        var before = conditions.stream()
                .filter(c -> c.getType().equals(condition.getType()))
                .findFirst();
        before.ifPresent(conditions::remove);
        boolean unchanged = before.isPresent() && before.get().getStatus().equals(condition.getStatus());
        conditions.add(
                unchanged
                        ? condition
                                .edit()
                                .withLastTransitionTime(before.get().getLastTransitionTime())
                                .build()
                        : condition);
        return conditions;
    }

    private enum Readiness {
        READY,
        NOT_READY
    }

    private PodStatusBuilder status(String phase, ContainerStatus container, Readiness readiness, String reason) {
        var current = pod;
        for (String type : List.of("Initialized", "PodScheduled")) {
            current = conditioned(current, condition(type, "True", null, null, now));
        }
        String ready = readiness == Readiness.READY ? "True" : "False";
        for (String type : List.of("ContainersReady", "Ready")) {
            current = conditioned(current, condition(type, ready, reason, null, now));
        }
        var status = new PodStatusBuilder(current.getStatus())
                .withPhase(phase)
                .withHostIP(HOST_IP)
                .withContainerStatuses(container);
        return current.getStatus().getStartTime() == null ? status.withStartTime(text(now)) : status;
    }

    private static Pod conditioned(Pod pod, PodCondition condition) {
        return pod.edit()
                .editOrNewStatus()
                .withConditions(with(pod, condition))
                .endStatus()
                .build();
    }

    private ContainerStatus container(ContainerState state, Readiness readiness) {
        var container = pod.getSpec().getContainers().get(0);
        boolean started = state.getWaiting() == null;
        return new ContainerStatusBuilder()
                .withName(container.getName())
                .withImage(container.getImage())
                .withImageID("")
                .withContainerID(started ? "process://" + pod.getMetadata().getUid() : null)
                .withReady(readiness == Readiness.READY)
                .withStarted(readiness == Readiness.READY)
                .withRestartCount(0)
                .withState(state)
                .build();
    }

    private static String text(Instant time) {
        return time.truncatedTo(ChronoUnit.SECONDS).toString();
    }
}
