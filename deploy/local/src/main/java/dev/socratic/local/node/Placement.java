package dev.socratic.local.node;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Whether a pod fits the node: node selector, required node affinity, and extended resources such as GPUs. Cores and
 * memory are the machine's to share and are not counted.
 */
final class Placement {
    /** Why a pod does not fit, in the scheduler's words. */
    record Misfit(String message) {}

    private Placement() {}

    static Optional<Misfit> misfit(Pod pod, Node node) {
        Map<String, String> labels =
                Objects.requireNonNullElse(node.getMetadata().getLabels(), Map.of());
        if (!selected(pod, labels)) {
            return Optional.of(new Misfit("1 node(s) didn't match Pod's node affinity/selector"));
        }
        Map<String, Quantity> capacity = node.getStatus().getAllocatable();
        return requests(pod).entrySet().stream()
                .filter(request -> request.getKey().contains("/"))
                .filter(request -> request.getValue()
                                .getNumericalAmount()
                                .compareTo(capacity.getOrDefault(request.getKey(), new Quantity("0"))
                                        .getNumericalAmount())
                        > 0)
                .map(request -> new Misfit("1 Insufficient " + request.getKey()))
                .findFirst();
    }

    private static Map<String, Quantity> requests(Pod pod) {
        return pod.getSpec().getContainers().stream()
                .filter(container -> container.getResources() != null)
                .flatMap(container -> {
                    var resources = container.getResources();
                    Map<String, Quantity> limits = Objects.requireNonNullElse(resources.getLimits(), Map.of());
                    Map<String, Quantity> requests = Objects.requireNonNullElse(resources.getRequests(), Map.of());
                    return java.util.stream.Stream.concat(limits.entrySet().stream(), requests.entrySet().stream());
                })
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue, (a, b) -> b));
    }

    private static boolean selected(Pod pod, Map<String, String> labels) {
        Map<String, String> selector = pod.getSpec().getNodeSelector();
        if (selector != null && !labels.entrySet().containsAll(selector.entrySet())) {
            return false;
        }
        var affinity = pod.getSpec().getAffinity();
        if (affinity == null
                || affinity.getNodeAffinity() == null
                || affinity.getNodeAffinity().getRequiredDuringSchedulingIgnoredDuringExecution() == null) {
            return true;
        }
        List<NodeSelectorTerm> terms = affinity.getNodeAffinity()
                .getRequiredDuringSchedulingIgnoredDuringExecution()
                .getNodeSelectorTerms();
        return terms.stream()
                .anyMatch(term -> term.getMatchExpressions().stream().allMatch(r -> matches(r, labels)));
    }

    private static boolean matches(NodeSelectorRequirement requirement, Map<String, String> labels) {
        String value = labels.get(requirement.getKey());
        List<String> values = requirement.getValues();
        return switch (requirement.getOperator()) {
            case "In" -> value != null && values.contains(value);
            case "NotIn" -> value == null || !values.contains(value);
            case "Exists" -> value != null;
            case "DoesNotExist" -> value == null;
            case "Gt" -> isNumber(value) && Long.parseLong(value) > Long.parseLong(values.get(0));
            case "Lt" -> isNumber(value) && Long.parseLong(value) < Long.parseLong(values.get(0));
            default -> false;
        };
    }

    private static boolean isNumber(String value) {
        return value != null && value.matches("-?\\d{1,18}");
    }
}
