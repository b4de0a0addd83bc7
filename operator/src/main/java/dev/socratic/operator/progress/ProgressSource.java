package dev.socratic.operator.progress;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.operator.settings.OperatorSettings;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.polling.PollingConfiguration;
import io.javaoperatorsdk.operator.processing.event.source.polling.PollingEventSource;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Polls the running trainers on a thread of its own, and triggers a reconciliation where there is news.
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

    /**
     * Asks a part of the trainers at a time, so that thousands of them cost no more than a hundred: first those that
     * were never asked, then those whose answer is the oldest.
     */
    private static final class Sweep implements GenericResourceFetcher<PolledReport> {
        private static final int MOST_AT_ONCE = 100;

        private final ProgressClient client;
        private final Supplier<List<ProgressEndpoint>> running;
        private final Map<ProgressEndpoint, Optional<TrainerReport>> answers = new LinkedHashMap<>();

        private Sweep(ProgressClient client, Supplier<List<ProgressEndpoint>> running) {
            this.client = client;
            this.running = running;
        }

        @Override
        public Map<ResourceID, Set<PolledReport>> fetchResources() {
            Set<ProgressEndpoint> now = new LinkedHashSet<>(running.get());
            answers.keySet().retainAll(now);
            Map<ProgressEndpoint, CompletableFuture<Optional<TrainerReport>>> asked = Stream.concat(
                            now.stream().filter(endpoint -> !answers.containsKey(endpoint)), answers.keySet().stream())
                    .limit(MOST_AT_ONCE)
                    .collect(Collectors.toMap(endpoint -> endpoint, client::ask));
            asked.forEach((endpoint, answer) -> {
                answers.remove(endpoint);
                answers.put(endpoint, answer.join());
            });
            return answers.entrySet().stream()
                    .flatMap(answer -> answer
                            .getValue()
                            .map(report -> Map.entry(
                                    answer.getKey().resource(),
                                    new PolledReport(answer.getKey().pod(), report)))
                            .stream())
                    .collect(Collectors.groupingBy(
                            Map.Entry::getKey, Collectors.mapping(Map.Entry::getValue, Collectors.toSet())));
        }
    }
}
