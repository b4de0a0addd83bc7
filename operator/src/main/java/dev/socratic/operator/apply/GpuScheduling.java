package dev.socratic.operator.apply;

import dev.socratic.api.v1alpha1.spec.PlacementSpec;
import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.AffinityBuilder;
import io.fabric8.kubernetes.api.model.NodeAffinity;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.NodeSelectorTermBuilder;
import io.fabric8.kubernetes.api.model.Toleration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Which nodes take the pod, by the labels that NVIDIA's GPU Feature Discovery sets: {@code nvidia.com/gpu.count} GPUs
 * of {@code nvidia.com/gpu.memory} MiB each.
 */
final class GpuScheduling {
    static final String RESOURCE = "nvidia.com/gpu";
    private static final String COUNT = "nvidia.com/gpu.count";
    private static final String MEMORY = "nvidia.com/gpu.memory";
    private static final long MIB = 1L << 20;

    private GpuScheduling() {}

    /** The user's affinity, each of whose alternatives also asks for the GPUs; null where nothing is asked. */
    static Affinity affinity(PlacementSpec placement) {
        List<NodeSelectorRequirement> gpus = requirements(placement);
        if (gpus.isEmpty()) {
            return placement.affinity();
        }
        AffinityBuilder affinity =
                placement.affinity() == null ? new AffinityBuilder() : new AffinityBuilder(placement.affinity());
        List<NodeSelectorTerm> terms = Optional.ofNullable(affinity.buildNodeAffinity())
                .map(NodeAffinity::getRequiredDuringSchedulingIgnoredDuringExecution)
                .map(required -> required.getNodeSelectorTerms())
                .filter(list -> !list.isEmpty())
                .orElseGet(() -> List.of(new NodeSelectorTerm()))
                .stream()
                .map(term -> new NodeSelectorTermBuilder(term)
                        .addAllToMatchExpressions(gpus)
                        .build())
                .toList();
        return affinity.editOrNewNodeAffinity()
                .withNewRequiredDuringSchedulingIgnoredDuringExecution()
                .withNodeSelectorTerms(terms)
                .endRequiredDuringSchedulingIgnoredDuringExecution()
                .endNodeAffinity()
                .build();
    }

    static List<Toleration> tolerations(PlacementSpec placement) {
        List<Toleration> tolerations = new ArrayList<>();
        if (placement.gpus() > 0) {
            tolerations.add(new Toleration(null, RESOURCE, "Exists", null, null));
        }
        placement.tolerations().stream()
                .filter(toleration -> !tolerations.contains(toleration))
                .forEach(tolerations::add);
        return tolerations;
    }

    private static List<NodeSelectorRequirement> requirements(PlacementSpec placement) {
        List<NodeSelectorRequirement> requirements = new ArrayList<>();
        if (placement.gpus() > 0) {
            requirements.add(atLeast(COUNT, placement.gpus()));
            placement.maxMemoryBytes().entrySet().stream()
                    .filter(cap -> !"cpu".equals(cap.getKey()))
                    .map(Map.Entry::getValue)
                    .max(Long::compare)
                    .ifPresent(cap -> requirements.add(atLeast(MEMORY, (cap + MIB - 1) / MIB)));
        }
        return requirements;
    }

    private static NodeSelectorRequirement atLeast(String label, long amount) {
        return new NodeSelectorRequirement(label, "Gt", List.of(String.valueOf(amount - 1)));
    }
}
