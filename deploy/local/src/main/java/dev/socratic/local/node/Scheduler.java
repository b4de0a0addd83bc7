package dev.socratic.local.node;

import dev.socratic.local.node.Placement.Misfit;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Clock;
import java.util.Optional;

/** Gives pods without a node to the one node, or says why they do not fit. */
public final class Scheduler {
    /** Writes the assignment to the API server. */
    @FunctionalInterface
    public interface Binder {
        void bind(KubernetesClient client, Pod pod, String node);
    }

    private final KubernetesClient client;
    private final Binder binder;
    private final Clock clock;

    public Scheduler(KubernetesClient client, Binder binder, Clock clock) {
        this.client = client;
        this.binder = binder;
        this.clock = clock;
    }

    /** Looks at one pod that has no node yet. */
    public void schedule(Pod pod, Node node) {
        if (pod.getMetadata().getDeletionTimestamp() != null
                || pod.getSpec().getNodeName() != null
                || !pod.getSpec().getSchedulingGates().isEmpty()) {
            return;
        }
        Optional<Misfit> misfit = Placement.misfit(pod, node).or(() -> missingClaim(pod));
        if (misfit.isEmpty()) {
            binder.bind(client, pod, node.getMetadata().getName());
            return;
        }
        String message = "0/1 nodes are available: " + misfit.get().message() + ".";
        var condition = PodStatuses.condition("PodScheduled", "False", "Unschedulable", message, clock.instant());
        if (!PodStatuses.has(pod, condition)) {
            client.pods()
                    .inNamespace(pod.getMetadata().getNamespace())
                    .withName(pod.getMetadata().getName())
                    .editStatus(found -> new PodBuilder(found)
                            .editOrNewStatus()
                            .withPhase("Pending")
                            .withConditions(PodStatuses.with(found, condition))
                            .endStatus()
                            .build());
        }
    }

    private Optional<Misfit> missingClaim(Pod pod) {
        return pod.getSpec().getVolumes().stream()
                .filter(volume -> volume.getPersistentVolumeClaim() != null)
                .map(volume -> volume.getPersistentVolumeClaim().getClaimName())
                .filter(claim -> client.persistentVolumeClaims()
                                .inNamespace(pod.getMetadata().getNamespace())
                                .withName(claim)
                                .get()
                        == null)
                .map(claim -> new Misfit("persistentvolumeclaim \"" + claim + "\" not found"))
                .findFirst();
    }
}
