package dev.socratic.operator.progress;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.operator.settings.OperatorSettings;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.polling.PollingConfiguration;
import io.javaoperatorsdk.operator.processing.event.source.polling.PollingEventSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Polls every running trainer, all at once, on a thread of its own, and triggers a reconciliation where there is news.
 * A reconciliation only reads the last answers and never waits for a trainer.
 */
public final class ProgressSource extends PollingEventSource<PolledReport, SocraticFineTune, String> {
    /** @param running where trainers run at the moment; must not block */
    public ProgressSource(OperatorSettings settings, Supplier<List<ProgressEndpoint>> running) {
        super(
                PolledReport.class,
                new PollingConfiguration<>(
                        "progress",
                        new Sweep(new ProgressClient(settings.progressPort(), settings.progressTimeout()), running),
                        settings.progressPollInterval(),
                        PolledReport::pod));
    }

    private record Sweep(ProgressClient client, Supplier<List<ProgressEndpoint>> running)
            implements GenericResourceFetcher<PolledReport> {
        @Override
        public Map<ResourceID, Set<PolledReport>> fetchResources() {
            Map<ProgressEndpoint, CompletableFuture<Optional<TrainerReport>>> answers =
                    running.get().stream().collect(Collectors.toMap(endpoint -> endpoint, client::ask));
            return answers.entrySet().stream()
                    .flatMap(answer -> answer
                            .getValue()
                            .join()
                            .map(report -> Map.entry(
                                    answer.getKey().resource(),
                                    new PolledReport(answer.getKey().pod(), report)))
                            .stream())
                    .collect(Collectors.groupingBy(
                            Map.Entry::getKey, Collectors.mapping(Map.Entry::getValue, Collectors.toSet())));
        }
    }
}
