package dev.socratic.operator.observe;

import dev.socratic.operator.progress.ProgressEndpoint;
import dev.socratic.operator.run.RunLabels;
import io.fabric8.kubernetes.api.model.Pod;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Which resource a trainer's pod belongs to, and where those that run are. */
public final class TrainerPods {
    private TrainerPods() {}

    /** The resource of {@code pod}, by its label: its owner is only the Job. */
    public static Set<ResourceID> resources(Pod pod) {
        Map<String, String> labels = pod.getMetadata().getLabels();
        String name = labels == null ? null : labels.get(RunLabels.FINE_TUNE);
        return name == null
                ? Set.of()
                : Set.of(new ResourceID(name, pod.getMetadata().getNamespace()));
    }

    /**
     * Where the trainers that run in {@code pods} serve their progress.
     *
     * @param told whether a resource says that its run has begun: until then nobody reads its progress
     */
    public static List<ProgressEndpoint> endpoints(Stream<Pod> pods, Predicate<ResourceID> told) {
        return pods.flatMap(pod -> resources(pod).stream()
                        .filter(told)
                        .flatMap(resource -> endpoint(resource, PodFacts.of(pod)).stream()))
                .distinct()
                .toList();
    }

    private static Optional<ProgressEndpoint> endpoint(ResourceID resource, PodFacts pod) {
        return pod.running() && pod.ip() != null
                ? Optional.of(new ProgressEndpoint(resource, pod.name(), pod.ip()))
                : Optional.empty();
    }
}
