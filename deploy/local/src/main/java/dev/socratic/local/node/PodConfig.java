package dev.socratic.local.node;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** ConfigMaps and Secrets of a namespace as name → bytes. */
final class PodConfig {
    private final KubernetesClient client;
    private final String namespace;

    PodConfig(KubernetesClient client, String namespace) {
        this.client = client;
        this.namespace = namespace;
    }

    String namespace() {
        return namespace;
    }

    Optional<Map<String, byte[]>> configMap(String name) {
        return Optional.ofNullable(client.configMaps()
                        .inNamespace(namespace)
                        .withName(name)
                        .get())
                .map(PodConfig::content);
    }

    Optional<Map<String, byte[]>> secret(String name) {
        return Optional.ofNullable(
                        client.secrets().inNamespace(namespace).withName(name).get())
                .map(PodConfig::content);
    }

    private static Map<String, byte[]> content(ConfigMap map) {
        Map<String, byte[]> content = new HashMap<>();
        orEmpty(map.getData()).forEach((key, text) -> content.put(key, text.getBytes(StandardCharsets.UTF_8)));
        orEmpty(map.getBinaryData()).forEach((key, base64) -> content.put(key, decode(base64)));
        return content;
    }

    private static Map<String, byte[]> content(Secret secret) {
        Map<String, byte[]> content = new HashMap<>();
        orEmpty(secret.getData()).forEach((key, base64) -> content.put(key, decode(base64)));
        // the API server folds stringData into data; the mock keeps both
        orEmpty(secret.getStringData()).forEach((key, text) -> content.put(key, text.getBytes(StandardCharsets.UTF_8)));
        return content;
    }

    private static byte[] decode(String base64) {
        return Base64.getMimeDecoder().decode(base64);
    }

    private static Map<String, String> orEmpty(Map<String, String> map) {
        return Objects.requireNonNullElse(map, Map.of());
    }
}
