package dev.socratic.local.node;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarSource;
import io.fabric8.kubernetes.api.model.Pod;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The variables of a container's process: the pod's, and those that tell the trainer where its paths are here. */
final class ContainerEnvironment {
    /** Port of the trainer's progress server when the container names none. */
    static final int PROGRESS_PORT = 9464;

    /** What a process takes over from this machine. Tokens are not among it: those come from Secrets, as in a cluster. */
    private static final Set<String> INHERITED = Set.of(
            "PATH",
            "JAVA_HOME",
            "LANG",
            "LC_ALL",
            "LC_CTYPE",
            "LD_LIBRARY_PATH",
            "DJL_CACHE_DIR",
            "ENGINE_CACHE_DIR",
            "OMP_NUM_THREADS",
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "NO_PROXY",
            "http_proxy",
            "https_proxy",
            "no_proxy");

    private static final Pattern REFERENCE = Pattern.compile("\\$\\(([A-Za-z_][A-Za-z0-9_.-]*)\\)");

    private ContainerEnvironment() {}

    /**
     * @param machine this machine's variables
     * @throws ContainerConfigError when a Secret, ConfigMap or key is not there
     */
    static Map<String, String> of(
            Pod pod, PodFolder folder, PodConfig config, String address, Map<String, String> machine)
            throws ContainerConfigError {
        var container = pod.getSpec().getContainers().get(0);
        Map<String, String> environment = new LinkedHashMap<>();
        INHERITED.stream().filter(machine::containsKey).forEach(name -> environment.put(name, machine.get(name)));
        environment.put("HOME", folder.root().toString());
        environment.put("TMPDIR", folder.here("/tmp"));
        environment.putAll(paths(folder, container, address));
        Map<String, String> declared = new LinkedHashMap<>();
        for (var source : container.getEnvFrom()) {
            String prefix = Objects.requireNonNullElse(source.getPrefix(), "");
            if (source.getSecretRef() != null) {
                String name = source.getSecretRef().getName();
                var content = config.secret(name);
                require(content, source.getSecretRef().getOptional(), "secret \"" + name + "\" not found")
                        .forEach((key, value) -> declared.put(prefix + key, text(value)));
            } else if (source.getConfigMapRef() != null) {
                String name = source.getConfigMapRef().getName();
                var content = config.configMap(name);
                require(content, source.getConfigMapRef().getOptional(), "configmap \"" + name + "\" not found")
                        .forEach((key, value) -> declared.put(prefix + key, text(value)));
            }
        }
        for (EnvVar variable : container.getEnv()) {
            Optional<String> value = variable.getValueFrom() == null
                    ? Optional.of(expand(Objects.requireNonNullElse(variable.getValue(), ""), declared))
                    : referenced(variable.getValueFrom(), pod, config, address);
            value.ifPresent(found -> declared.put(variable.getName(), found));
        }
        declared.forEach((name, value) -> environment.put(name, folder.here(value)));
        return environment;
    }

    /** {@code $(NAME)} as the kubelet expands it in arguments and values; unknown names stay. */
    static String expand(String text, Map<String, String> environment) {
        Matcher matcher = REFERENCE.matcher(text);
        return matcher.replaceAll(
                found -> Matcher.quoteReplacement(environment.getOrDefault(found.group(1), found.group())));
    }

    private static Map<String, String> paths(PodFolder folder, Container container, String address) {
        Map<String, String> paths = new LinkedHashMap<>();
        paths.put("SOCRATIC_PVC_ROOT", folder.root() + "/mnt/pvc");
        paths.put("SOCRATIC_CONFIGMAP_ROOT", folder.root() + "/mnt/configmap");
        putIfMounted(paths, "SOCRATIC_CHECKPOINTS", "/var/lib/socratic/checkpoints", folder);
        putIfMounted(paths, "SOCRATIC_CACHE", "/var/cache/socratic", folder);
        paths.put("SOCRATIC_TERMINATION_LOG", folder.terminationMessage().toString());
        int port = container.getPorts().stream()
                .filter(p -> "progress".equals(p.getName()))
                .map(ContainerPort::getContainerPort)
                .findFirst()
                .orElse(PROGRESS_PORT);
        paths.put("SOCRATIC_PROGRESS_ADDRESS", address + ":" + port);
        return paths;
    }

    private static void putIfMounted(Map<String, String> paths, String name, String mount, PodFolder folder) {
        if (folder.hasMount(mount)) {
            paths.put(name, folder.here(mount));
        }
    }

    private static Optional<String> referenced(EnvVarSource source, Pod pod, PodConfig config, String address)
            throws ContainerConfigError {
        if (source.getSecretKeyRef() != null) {
            var ref = source.getSecretKeyRef();
            return key(
                    config.secret(ref.getName()),
                    ref.getOptional(),
                    ref.getKey(),
                    "secret",
                    "Secret",
                    ref.getName(),
                    config.namespace());
        }
        if (source.getConfigMapKeyRef() != null) {
            var ref = source.getConfigMapKeyRef();
            return key(
                    config.configMap(ref.getName()),
                    ref.getOptional(),
                    ref.getKey(),
                    "configmap",
                    "ConfigMap",
                    ref.getName(),
                    config.namespace());
        }
        if (source.getFieldRef() != null) {
            return Optional.of(PodFields.value(source.getFieldRef().getFieldPath(), pod, address));
        }
        throw ContainerConfigError.config("local mode has no resourceFieldRef variables");
    }

    private static Optional<String> key(
            Optional<Map<String, byte[]>> content,
            Boolean optional,
            String key,
            String noun,
            String kind,
            String name,
            String namespace)
            throws ContainerConfigError {
        byte[] value =
                require(content, optional, noun + " \"" + name + "\" not found").get(key);
        if (value == null && !Boolean.TRUE.equals(optional)) {
            throw ContainerConfigError.config(
                    "couldn't find key " + key + " in " + kind + " " + namespace + "/" + name);
        }
        return Optional.ofNullable(value).map(ContainerEnvironment::text);
    }

    private static Map<String, byte[]> require(Optional<Map<String, byte[]>> content, Boolean optional, String message)
            throws ContainerConfigError {
        if (content.isEmpty() && !Boolean.TRUE.equals(optional)) {
            throw ContainerConfigError.config(message);
        }
        return content.orElse(Map.of());
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
