package dev.socratic.operator.progress;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.api.v1alpha1.status.Phase;
import dev.socratic.operator.settings.OperatorSettings;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.polling.PerResourcePollingConfigurationBuilder;
import io.javaoperatorsdk.operator.processing.event.source.polling.PerResourcePollingEventSource;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/** Polls the trainers of running resources on threads of its own and triggers a reconciliation on news. */
public final class ProgressSource extends PerResourcePollingEventSource<PolledReport, SocraticFineTune, String> {
    private static final int THREADS = 4;
    private static final Duration IDLE = Duration.ofSeconds(15);

    /** @param endpoints where a resource's trainer serves its progress, empty while none runs; must not block */
    public ProgressSource(
            EventSourceContext<SocraticFineTune> context,
            OperatorSettings settings,
            Function<SocraticFineTune, Optional<ProgressEndpoint>> endpoints) {
        super(
                PolledReport.class,
                context,
                new PerResourcePollingConfigurationBuilder<PolledReport, SocraticFineTune, String>(
                                new Poll(
                                        new ProgressClient(settings.progressPort(), settings.progressTimeout()),
                                        settings.progressPollInterval(),
                                        endpoints),
                                settings.progressPollInterval())
                        .withName("progress")
                        .withExecutorService(threads())
                        .withResourceIDMapper(PolledReport::pod)
                        .build());
    }

    /** The last answers, without asking: a reconciliation never waits for a trainer. */
    @Override
    public Set<PolledReport> getSecondaryResources(SocraticFineTune resource) {
        return getSecondaryResources(ResourceID.fromResource(resource));
    }

    private static ScheduledExecutorService threads() {
        AtomicInteger number = new AtomicInteger();
        return new ScheduledThreadPoolExecutor(THREADS, work -> {
            Thread thread = new Thread(work, "progress-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
    }

    private record Poll(
            ProgressClient client, Duration interval, Function<SocraticFineTune, Optional<ProgressEndpoint>> endpoints)
            implements ResourceFetcher<PolledReport, SocraticFineTune> {
        @Override
        public Set<PolledReport> fetchResources(SocraticFineTune resource) {
            return endpoints
                    .apply(resource)
                    .flatMap(endpoint -> client.ask(endpoint).map(report -> new PolledReport(endpoint.pod(), report)))
                    .map(Set::of)
                    .orElse(Set.of());
        }

        @Override
        public Optional<Duration> fetchDelay(Set<PolledReport> last, SocraticFineTune resource) {
            Phase phase =
                    resource.getStatus() == null ? null : resource.getStatus().phase();
            boolean over = phase == Phase.SUCCEEDED || phase == Phase.FAILED;
            return Optional.of(over ? IDLE : interval);
        }
    }
}
