package dev.socratic.operator.observe;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import java.net.HttpURLConnection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@link Queues} by the Workload that Kueue keeps for a Job. Only its conditions are read, which all versions share. */
public final class KueueWorkloads implements Queues {
    private static final Logger log = LoggerFactory.getLogger(KueueWorkloads.class);
    private static final String JOB_UID = "kueue.x-k8s.io/job-uid";

    /** Kueue serves two at a time. */
    private static final List<String> VERSIONS = List.of("v1beta2", "v1beta1");

    /** The condition's reason for a queue that is missing, stopped or leads nowhere. */
    private static final String INADMISSIBLE = "Inadmissible";

    private final KubernetesClient client;

    public KueueWorkloads(KubernetesClient client) {
        this.client = client;
    }

    @Override
    public Optional<QueueHold> hold(String namespace, String jobUid) {
        for (String version : VERSIONS) {
            try {
                List<Map<?, ?>> conditions = list(version, namespace, jobUid).stream()
                        .flatMap(KueueWorkloads::conditions)
                        .toList();
                return find(conditions, "QuotaReserved", "False")
                        .or(() -> find(conditions, "Evicted", "True"))
                        .map(KueueWorkloads::hold);
            } catch (KubernetesClientException e) {
                if (e.getCode() == HttpURLConnection.HTTP_FORBIDDEN) {
                    log.warn("Kueue's Workloads in {} cannot be listed: {}", namespace, e.getMessage());
                    return Optional.empty();
                }
                if (e.getCode() != HttpURLConnection.HTTP_NOT_FOUND) {
                    throw e;
                }
            }
        }
        return Optional.of(new QueueHold(QueueHold.Cause.NO_KUEUE, "", null));
    }

    private List<GenericKubernetesResource> list(String version, String namespace, String jobUid) {
        ResourceDefinitionContext workloads = new ResourceDefinitionContext.Builder()
                .withGroup("kueue.x-k8s.io")
                .withVersion(version)
                .withKind("Workload")
                .withPlural("workloads")
                .withNamespaced(true)
                .build();
        return client.genericKubernetesResources(workloads)
                .inNamespace(namespace)
                .withLabel(JOB_UID, jobUid)
                .list()
                .getItems();
    }

    private static Stream<Map<?, ?>> conditions(GenericKubernetesResource workload) {
        return workload.get("status", "conditions") instanceof List<?> conditions
                ? conditions.stream().filter(Map.class::isInstance).map(condition -> (Map<?, ?>) condition)
                : Stream.empty();
    }

    private static Optional<Map<?, ?>> find(List<Map<?, ?>> conditions, String type, String status) {
        return conditions.stream()
                .filter(condition -> type.equals(condition.get("type")) && status.equals(condition.get("status")))
                .findFirst();
    }

    private static QueueHold hold(Map<?, ?> condition) {
        return new QueueHold(
                INADMISSIBLE.equals(condition.get("reason")) ? QueueHold.Cause.NO_QUEUE : QueueHold.Cause.NO_ROOM,
                Objects.toString(condition.get("message"), ""),
                Times.parse(Objects.toString(condition.get("lastTransitionTime"), null)));
    }
}
