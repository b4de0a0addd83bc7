package dev.socratic.local.node;

import io.fabric8.kubernetes.api.model.Pod;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the downward API tells a container of its own pod. */
final class PodFields {
    private static final Pattern ENTRY = Pattern.compile("metadata\\.(annotations|labels)\\['([^']+)'\\]");

    private PodFields() {}

    /** The value at {@code path}; empty for an annotation or label that is not there. */
    static String value(String path, Pod pod, String address) throws ContainerConfigError {
        var metadata = pod.getMetadata();
        Matcher entry = ENTRY.matcher(path);
        if (entry.matches()) {
            Map<String, String> entries =
                    entry.group(1).equals("annotations") ? metadata.getAnnotations() : metadata.getLabels();
            return Objects.requireNonNullElse(entries, Map.<String, String>of()).getOrDefault(entry.group(2), "");
        }
        return switch (path) {
            case "metadata.name" -> metadata.getName();
            case "metadata.namespace" -> metadata.getNamespace();
            case "metadata.uid" -> metadata.getUid();
            case "spec.nodeName" -> pod.getSpec().getNodeName();
            case "status.podIP", "status.hostIP" -> address;
            default -> throw ContainerConfigError.config("local mode does not know the field " + path);
        };
    }
}
