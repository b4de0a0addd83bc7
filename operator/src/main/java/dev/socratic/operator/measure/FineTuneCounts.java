package dev.socratic.operator.measure;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.api.v1alpha1.status.Phase;
import dev.socratic.api.v1alpha1.status.SocraticFineTuneStatus;
import io.fabric8.kubernetes.api.model.Condition;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** How many resources there are, counted when Prometheus asks. An operator that does not lead has none to count. */
public final class FineTuneCounts implements MultiCollector {
    static final String BY_PHASE = "socratic_finetunes";
    static final String STALLED = "socratic_finetunes_stalled";

    private final Supplier<Stream<SocraticFineTune>> resources;

    public FineTuneCounts(Supplier<Stream<SocraticFineTune>> resources) {
        this.resources = resources;
    }

    @Override
    public MetricSnapshots collect() {
        List<SocraticFineTune> all = resources.get().toList();
        return MetricSnapshots.of(
                gauge(BY_PHASE, "Resources, by phase.", "phase", all, resource -> Optional.of(phase(resource))),
                gauge(
                        STALLED,
                        "Resources that failed or wait for somebody, by the reason of their conditions.",
                        "reason",
                        all,
                        FineTuneCounts::stalledFor));
    }

    @Override
    public List<String> getPrometheusNames() {
        return List.of(BY_PHASE, STALLED);
    }

    private static GaugeSnapshot gauge(
            String name,
            String help,
            String label,
            List<SocraticFineTune> resources,
            Function<SocraticFineTune, Optional<String>> value) {
        Map<Labels, Long> counts = resources.stream()
                .flatMap(resource -> value
                        .apply(resource)
                        .map(found ->
                                Labels.of("namespace", resource.getMetadata().getNamespace(), label, found))
                        .stream())
                .collect(Collectors.groupingBy(labels -> labels, Collectors.counting()));
        GaugeSnapshot.Builder gauge = GaugeSnapshot.builder().name(name).help(help);
        counts.forEach((labels, count) -> gauge.dataPoint(GaugeSnapshot.GaugeDataPointSnapshot.builder()
                .labels(labels)
                .value(count)
                .build()));
        return gauge.build();
    }

    private static String phase(SocraticFineTune resource) {
        return word(Optional.ofNullable(resource.getStatus())
                .map(SocraticFineTuneStatus::phase)
                .orElse(Phase.PENDING));
    }

    static String word(Phase phase) {
        return phase.name().charAt(0) + phase.name().substring(1).toLowerCase(Locale.ROOT);
    }

    private static Optional<String> stalledFor(SocraticFineTune resource) {
        return Optional.ofNullable(resource.getStatus()).map(SocraticFineTuneStatus::conditions).stream()
                .flatMap(List::stream)
                .filter(condition -> "Stalled".equals(condition.getType()) && "True".equals(condition.getStatus()))
                .map(Condition::getReason)
                .findFirst();
    }
}
