package dev.socratic.operator.report;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.api.v1alpha1.status.Phase;
import dev.socratic.api.v1alpha1.status.SocraticFineTuneStatus;
import dev.socratic.operator.decide.Decision;
import dev.socratic.operator.measure.RunMetrics;
import dev.socratic.operator.run.Run;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.PrimaryUpdateAndCacheUtils;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/** Tells people: events first, then the status, so that a status that is written has all its events. */
public final class Reporter {
    /** A status that was decided from an old resource is not forced in: the next reconciliation decides anew. */
    private static final int NO_RETRY = 0;

    private final EventRecorder events;
    private final RunMetrics metrics;

    public Reporter(KubernetesClient client, RunMetrics metrics) {
        this.events = new EventRecorder(client, metrics);
        this.metrics = metrics;
    }

    public void report(Decision decision, Run run, Context<SocraticFineTune> context, Instant now) {
        decision.events().forEach(event -> events.record(run, event, now));
        SocraticFineTune resource = run.resource();
        Phase before = Optional.ofNullable(resource.getStatus())
                .map(SocraticFineTuneStatus::phase)
                .orElse(null);
        if (Objects.equals(decision.status(), resource.getStatus())) {
            return;
        }
        PrimaryUpdateAndCacheUtils.updateAndCacheResource(
                resource,
                context,
                same -> {
                    same.setStatus(decision.status());
                    return same;
                },
                changed -> context.getClient().resource(changed).updateStatus(),
                NO_RETRY,
                PrimaryUpdateAndCacheUtils.DEFAULT_RESOURCE_CACHE_TIMEOUT_MILLIS,
                PrimaryUpdateAndCacheUtils.DEFAULT_RESOURCE_CACHE_POLL_PERIOD_MILLIS);
        if (decision.status().phase() != before) {
            metrics.entered(run.namespace(), decision.status());
        }
    }
}
