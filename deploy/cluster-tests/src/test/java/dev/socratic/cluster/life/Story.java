package dev.socratic.cluster.life;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.KubernetesResourceList;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Listable;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.List;
import java.util.stream.Collectors;

/** What somebody who looks for a cause would print: of the resources, and of those who work on them. */
record Story(KubernetesClient client) {
    private static final List<String> WORKERS = List.of(Installation.OPERATOR_NAMESPACE, Kueue.NAMESPACE);

    String tell() {
        String namespace = Installation.NAMESPACE;
        String pods = client.pods().inNamespace(namespace).list().getItems().stream()
                .map(pod -> Serialization.asYaml(pod.getStatus()) + log(pod))
                .collect(Collectors.joining("\n"));
        String workers = WORKERS.stream()
                .flatMap(where -> client.pods().inNamespace(where).list().getItems().stream())
                .map(this::log)
                .collect(Collectors.joining("\n"));
        return all(client.resources(SocraticFineTune.class).inNamespace(namespace))
                + all(client.v1().events().inNamespace(namespace))
                + all(client.batch().v1().jobs().inNamespace(namespace))
                + all(client.persistentVolumeClaims().inNamespace(namespace))
                + all(client.configMaps().inNamespace(namespace))
                + pods
                + workers;
    }

    private static <T extends HasMetadata, L extends KubernetesResourceList<T>> String all(Listable<L> objects) {
        List<T> items = objects.list().getItems();
        items.forEach(item -> item.getMetadata().setManagedFields(List.of()));
        return Serialization.asYaml(items);
    }

    private String log(Pod pod) {
        String name = "\n# " + pod.getMetadata().getName() + "\n";
        try {
            return name + client.pods().resource(pod).getLog();
        } catch (KubernetesClientException none) {
            return name + none.getMessage();
        }
    }
}
