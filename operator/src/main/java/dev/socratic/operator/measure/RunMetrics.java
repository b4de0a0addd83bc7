package dev.socratic.operator.measure;

import dev.socratic.api.v1alpha1.status.Phase;
import dev.socratic.api.v1alpha1.status.SocraticFineTuneStatus;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;
import java.util.stream.Stream;

/** What became of runs. */
public final class RunMetrics {
    private static final Duration[] BUCKETS = Stream.of(1, 5, 15, 30, 60, 120, 240, 480, 960, 1440, 4320)
            .map(Duration::ofMinutes)
            .toArray(Duration[]::new);

    private final MeterRegistry registry;

    public RunMetrics(MeterRegistry registry) {
        this.registry = registry;
    }

    /** A run has another phase than before; where it is over, its duration counts. */
    public void entered(String namespace, SocraticFineTuneStatus status) {
        if (status.phase() != Phase.SUCCEEDED && status.phase() != Phase.FAILED) {
            return;
        }
        Instant end = Instant.parse(status.completionTime());
        Instant start = status.startTime() == null ? end : Instant.parse(status.startTime());
        Timer.builder("socratic_run_duration")
                .description("Duration of runs that are over, from the start of their first trainer.")
                .tags("namespace", namespace, "outcome", FineTuneCounts.word(status.phase()))
                .serviceLevelObjectives(BUCKETS)
                .register(registry)
                .record(Duration.between(start, end));
    }

    /** An event was recorded on a resource. */
    public void told(String namespace, String reason) {
        Counter.builder("socratic_run_events")
                .description("Events of runs, such as Started, Retrying and Failed.")
                .tags("namespace", namespace, "reason", reason)
                .register(registry)
                .increment();
    }
}
