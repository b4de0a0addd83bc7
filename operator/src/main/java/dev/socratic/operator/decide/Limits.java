package dev.socratic.operator.decide;

import dev.socratic.api.v1alpha1.spec.PlacementSpec;
import dev.socratic.operator.observe.Observation;
import dev.socratic.operator.run.Placements;
import dev.socratic.operator.settings.Allowed;
import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.NodeAffinity;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.PodAffinityTerm;
import io.fabric8.kubernetes.api.model.PreferredSchedulingTerm;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.WeightedPodAffinityTerm;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiPredicate;
import java.util.stream.Stream;

/** Where a spec goes beyond what the administrator allows. */
final class Limits {
    private Limits() {}

    /** A sentence for each value that is not allowed, in the order of the fields. */
    static List<String> breaches(Observation o) {
        PlacementSpec placement = Placements.of(o.spec());
        Allowed allowed = o.allowed();
        List<String> breaches = new ArrayList<>();
        check(breaches, "image", Stream.ofNullable(placement.image()), allowed.images(), Limits::comesFrom);
        check(breaches, "nodeSelector", placement.nodeSelector().keySet().stream(), allowed.nodeLabels());
        check(breaches, "affinity", labels(placement.affinity()).distinct(), allowed.nodeLabels());
        check(
                breaches,
                "tolerations",
                placement.tolerations().stream().map(Limits::key).distinct(),
                allowed.tolerations());
        check(breaches, "runtimeClassName", Stream.ofNullable(placement.runtimeClassName()), allowed.runtimeClasses());
        check(
                breaches,
                "priorityClassName",
                Stream.ofNullable(placement.priorityClassName()),
                allowed.priorityClasses());
        return breaches;
    }

    private static void check(List<String> breaches, String field, Stream<String> values, List<String> allowed) {
        check(breaches, field, values, allowed, String::equals);
    }

    private static void check(
            List<String> breaches,
            String field,
            Stream<String> values,
            List<String> allowed,
            BiPredicate<String, String> matches) {
        if (allowed.contains(Allowed.ANY)) {
            return;
        }
        values.filter(value -> allowed.stream().noneMatch(entry -> matches.test(value, entry)))
                .map(value -> "spec.placement.%s asks for \"%s\", but the operator's administrator allows %s."
                        .formatted(field, value, allowed.isEmpty() ? "none" : "only " + String.join(", ", allowed)))
                .forEach(breaches::add);
    }

    /** Whether {@code image} is {@code source} or lies below it; a name that only begins with the same letters does not. */
    private static boolean comesFrom(String image, String source) {
        if (!image.startsWith(source)) {
            return false;
        }
        String rest = image.substring(source.length());
        boolean namesRepository = source.contains("/");
        return rest.isEmpty()
                || source.endsWith("/")
                || rest.startsWith("/")
                || namesRepository && (rest.startsWith(":") || rest.startsWith("@"));
    }

    /** The key of a taint; the toleration without one tolerates everything. */
    private static String key(Toleration toleration) {
        return toleration.getKey() == null || toleration.getKey().isEmpty() ? "every taint" : toleration.getKey();
    }

    private static Stream<String> labels(Affinity affinity) {
        if (affinity == null) {
            return Stream.empty();
        }
        Stream<NodeSelectorTerm> terms =
                Optional.ofNullable(affinity.getNodeAffinity()).stream().flatMap(Limits::terms);
        Stream<PodAffinityTerm> required = Stream.concat(
                Optional.ofNullable(affinity.getPodAffinity()).stream()
                        .flatMap(pods -> pods.getRequiredDuringSchedulingIgnoredDuringExecution().stream()),
                Optional.ofNullable(affinity.getPodAntiAffinity()).stream()
                        .flatMap(pods -> pods.getRequiredDuringSchedulingIgnoredDuringExecution().stream()));
        Stream<WeightedPodAffinityTerm> preferred = Stream.concat(
                Optional.ofNullable(affinity.getPodAffinity()).stream()
                        .flatMap(pods -> pods.getPreferredDuringSchedulingIgnoredDuringExecution().stream()),
                Optional.ofNullable(affinity.getPodAntiAffinity()).stream()
                        .flatMap(pods -> pods.getPreferredDuringSchedulingIgnoredDuringExecution().stream()));
        return Stream.concat(
                terms.flatMap(term ->
                                Stream.concat(term.getMatchExpressions().stream(), term.getMatchFields().stream()))
                        .map(NodeSelectorRequirement::getKey),
                Stream.concat(required, preferred.map(WeightedPodAffinityTerm::getPodAffinityTerm))
                        .map(PodAffinityTerm::getTopologyKey)
                        .filter(Objects::nonNull));
    }

    private static Stream<NodeSelectorTerm> terms(NodeAffinity affinity) {
        return Stream.concat(
                Optional.ofNullable(affinity.getRequiredDuringSchedulingIgnoredDuringExecution()).stream()
                        .flatMap(required -> required.getNodeSelectorTerms().stream()),
                affinity.getPreferredDuringSchedulingIgnoredDuringExecution().stream()
                        .map(PreferredSchedulingTerm::getPreference));
    }
}
