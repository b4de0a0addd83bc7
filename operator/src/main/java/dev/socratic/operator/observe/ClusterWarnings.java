package dev.socratic.operator.observe;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@link Warnings} by listing the events of one object. */
public final class ClusterWarnings implements Warnings {
    private static final Logger log = LoggerFactory.getLogger(ClusterWarnings.class);

    /** A warning that holds on is recorded again at least every five minutes, which is as often as Kubernetes lets it. */
    private static final Duration FRESH = Duration.ofMinutes(10);

    /** The scheduler's, which a pod that it has placed since keeps; what holds now is a condition of the pod. */
    private static final String OF_SCHEDULER = "FailedScheduling";

    private final KubernetesClient client;

    public ClusterWarnings(KubernetesClient client) {
        this.client = client;
    }

    @Override
    public Optional<Warning> newest(String namespace, String uid, Instant now) {
        try {
            return client
                    .v1()
                    .events()
                    .inNamespace(namespace)
                    .withField("involvedObject.uid", uid)
                    .withField("type", "Warning")
                    .list()
                    .getItems()
                    .stream()
                    .filter(event -> lastSeen(event).isAfter(now.minus(FRESH)))
                    .filter(event -> !OF_SCHEDULER.equals(event.getReason()))
                    .max(Comparator.comparing(ClusterWarnings::lastSeen))
                    .map(event -> new Warning(event.getReason(), event.getMessage()));
        } catch (KubernetesClientException e) {
            if (e.getCode() == HttpURLConnection.HTTP_FORBIDDEN) {
                log.warn(
                        "Events of {} cannot be listed, and what they warn of stays unsaid: {}",
                        namespace,
                        e.getMessage());
                return Optional.empty();
            }
            throw e;
        }
    }

    private static Instant lastSeen(Event event) {
        return Stream.of(
                        event.getSeries() == null || event.getSeries().getLastObservedTime() == null
                                ? null
                                : event.getSeries().getLastObservedTime().getTime(),
                        event.getLastTimestamp(),
                        event.getEventTime() == null
                                ? null
                                : event.getEventTime().getTime(),
                        event.getMetadata().getCreationTimestamp())
                .map(Times::parse)
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(Instant.MIN);
    }
}
