package dev.socratic.local.jobs;

import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Instant;
import java.util.Comparator;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/** Facts read from a pod's status. */
final class Pods {
    private Pods() {}

    static boolean failed(Pod pod) {
        return "Failed".equals(phase(pod));
    }

    static boolean succeeded(Pod pod) {
        return "Succeeded".equals(phase(pod));
    }

    static boolean active(Pod pod) {
        return !failed(pod) && !succeeded(pod);
    }

    static boolean terminating(Pod pod) {
        return active(pod) && pod.getMetadata().getDeletionTimestamp() != null;
    }

    static boolean ready(Pod pod) {
        return pod.getStatus() != null
                && pod.getStatus().getConditions().stream()
                        .anyMatch(c -> "Ready".equals(c.getType()) && "True".equals(c.getStatus()));
    }

    static String uid(Pod pod) {
        return pod.getMetadata().getUid();
    }

    /** When the last container ended. */
    static Optional<Instant> finishedAt(Pod pod) {
        return terminations(pod)
                .map(named -> named.state().getFinishedAt())
                .filter(Objects::nonNull)
                .map(Instant::parse)
                .max(Comparator.naturalOrder());
    }

    static Stream<NamedTermination> terminations(Pod pod) {
        if (pod.getStatus() == null) {
            return Stream.empty();
        }
        return Stream.concat(
                        pod.getStatus().getInitContainerStatuses().stream(),
                        pod.getStatus().getContainerStatuses().stream())
                .filter(status -> status.getState() != null && status.getState().getTerminated() != null)
                .map(NamedTermination::of);
    }

    record NamedTermination(String container, ContainerStateTerminated state) {
        static NamedTermination of(ContainerStatus status) {
            return new NamedTermination(status.getName(), status.getState().getTerminated());
        }
    }

    private static String phase(Pod pod) {
        return pod.getStatus() == null
                ? ""
                : Objects.requireNonNullElse(pod.getStatus().getPhase(), "");
    }
}
