package dev.socratic.operator.report;

import dev.socratic.operator.decide.RunEvent;
import dev.socratic.operator.measure.RunMetrics;
import dev.socratic.operator.run.Run;
import dev.socratic.operator.run.RunLabels;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records events on the resource. An event's name follows from its run, reason and occasion, so that an operator that
 * was stopped between the event and the status, and decides the same again, records nothing twice.
 */
final class EventRecorder {
    private static final Logger log = LoggerFactory.getLogger(EventRecorder.class);
    private static final int LONGEST_MESSAGE = 1024;

    private final KubernetesClient client;
    private final RunMetrics metrics;

    EventRecorder(KubernetesClient client, RunMetrics metrics) {
        this.client = client;
        this.metrics = metrics;
    }

    void record(Run run, RunEvent event, Instant now) {
        try {
            client.resource(event(run, event, now)).create();
            metrics.told(run.namespace(), event.reason().text());
            log.info("{}/{}: {} {}", run.namespace(), run.name(), event.reason().text(), event.message());
        } catch (KubernetesClientException e) {
            if (e.getCode() != HttpURLConnection.HTTP_CONFLICT) {
                log.warn(
                        "{}/{}: event {} could not be recorded: {}",
                        run.namespace(),
                        run.name(),
                        event.reason().text(),
                        e.getMessage());
            }
        }
    }

    static Event event(Run run, RunEvent event, Instant now) {
        String time = now.truncatedTo(ChronoUnit.SECONDS).toString();
        return new EventBuilder()
                .withNewMetadata()
                .withName(eventName(run, event))
                .withNamespace(run.namespace())
                .endMetadata()
                .withNewInvolvedObject()
                .withApiVersion(run.resource().getApiVersion())
                .withKind(run.resource().getKind())
                .withNamespace(run.namespace())
                .withName(run.name())
                .withUid(run.resource().getMetadata().getUid())
                .endInvolvedObject()
                .withType(event.reason().type().text())
                .withReason(event.reason().text())
                .withMessage(cut(event.message(), LONGEST_MESSAGE))
                .withFirstTimestamp(time)
                .withLastTimestamp(time)
                .withCount(1)
                .withNewSource()
                .withComponent(RunLabels.OPERATOR)
                .endSource()
                .withReportingComponent(RunLabels.OPERATOR)
                .withReportingInstance(RunLabels.OPERATOR)
                .build();
    }

    private static String eventName(Run run, RunEvent event) {
        String identity = String.join(
                "/",
                run.resource().getMetadata().getUid(),
                run.id().toString(),
                event.reason().name(),
                event.occasion());
        UUID hash = UUID.nameUUIDFromBytes(identity.getBytes(StandardCharsets.UTF_8));
        return run.name() + "." + Long.toHexString(hash.getMostSignificantBits());
    }

    private static String cut(String text, int length) {
        return text.length() <= length ? text : text.substring(0, length - 1) + "…";
    }
}
