package dev.socratic.local.node;

import io.fabric8.kubernetes.api.model.DownwardAPIVolumeFile;
import io.fabric8.kubernetes.api.model.KeyToPath;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A pod's files on this machine: {@code root/} stands for the container's {@code /}, with a link to each volume at its
 * mount path; beside it lie the log and the termination message.
 */
final class PodFolder {
    private static final String CACHE_MOUNT = "/var/cache/socratic";

    private final Path folder;
    private final List<String> mountPaths;

    private PodFolder(Path folder, List<String> mountPaths) {
        this.folder = folder;
        this.mountPaths = mountPaths;
    }

    /**
     * Makes the folder and fills the volumes.
     *
     * @throws ContainerConfigError when a claim, ConfigMap or Secret is not there (yet)
     */
    static PodFolder prepare(Pod pod, NodeSettings settings, Claims claims, PodConfig config)
            throws ContainerConfigError {
        var metadata = pod.getMetadata();
        Path folder = settings.pods().resolve(metadata.getNamespace() + "_" + metadata.getName());
        var mounts = pod.getSpec().getContainers().get(0).getVolumeMounts().stream()
                .sorted(Comparator.comparing(VolumeMount::getMountPath))
                .toList();
        var paths = mounts.stream().map(VolumeMount::getMountPath).toList();
        var prepared = new PodFolder(folder, paths);
        try {
            Files.createDirectories(folder.resolve("root"));
            for (var mount : mounts) {
                Volume volume = pod.getSpec().getVolumes().stream()
                        .filter(v -> v.getName().equals(mount.getName()))
                        .findFirst()
                        .orElseThrow();
                Path source = mount.getMountPath().equals(CACHE_MOUNT) && volume.getEmptyDir() != null
                        ? settings.cache()
                        : prepared.source(volume, pod, claims, config);
                prepared.link(mount, source);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write the pod's folder " + folder, e);
        }
        return prepared;
    }

    Path root() {
        return folder.resolve("root");
    }

    Path log() {
        return folder.resolve("log");
    }

    Path terminationMessage() {
        return folder.resolve("termination-log");
    }

    boolean hasMount(String path) {
        return mountPaths.contains(path);
    }

    /**
     * The text with a path of the container turned into the path here, if it names a mount, something below one, or a
     * folder above one.
     */
    String here(String text) {
        int option = text.startsWith("-") ? text.indexOf('=') + 1 : 0;
        String path = text.substring(option);
        if (!path.startsWith("/") || path.equals("/")) {
            return text;
        }
        boolean known = mountPaths.stream()
                .anyMatch(mount -> path.equals(mount) || path.startsWith(mount + "/") || mount.startsWith(path + "/"));
        return known ? text.substring(0, option) + root() + path : text;
    }

    private void link(VolumeMount mount, Path source) throws IOException {
        Path target = mount.getSubPath() == null ? source : source.resolve(mount.getSubPath());
        if (!Files.exists(target)) {
            Files.createDirectories(target);
        }
        Path link = root().resolve(mount.getMountPath().substring(1));
        Files.createDirectories(link.getParent());
        Files.deleteIfExists(link);
        Files.createSymbolicLink(link, target.toAbsolutePath());
    }

    private Path source(Volume volume, Pod pod, Claims claims, PodConfig config)
            throws IOException, ContainerConfigError {
        if (volume.getPersistentVolumeClaim() != null) {
            String claim = volume.getPersistentVolumeClaim().getClaimName();
            return claims.folder(config.namespace(), claim)
                    .orElseThrow(
                            () -> ContainerConfigError.mount("persistentvolumeclaim \"" + claim + "\" is not bound"));
        }
        Path own = Files.createDirectories(folder.resolve("volumes").resolve(volume.getName()));
        if (volume.getConfigMap() != null) {
            var source = volume.getConfigMap();
            var content = config.configMap(source.getName());
            if (content.isEmpty() && !Boolean.TRUE.equals(source.getOptional())) {
                throw ContainerConfigError.mount("configmap \"" + source.getName() + "\" not found");
            }
            write(own, content.orElse(Map.of()), source.getItems());
        } else if (volume.getSecret() != null) {
            var source = volume.getSecret();
            var content = config.secret(source.getSecretName());
            if (content.isEmpty() && !Boolean.TRUE.equals(source.getOptional())) {
                throw ContainerConfigError.mount("secret \"" + source.getSecretName() + "\" not found");
            }
            write(own, content.orElse(Map.of()), source.getItems());
        } else if (volume.getDownwardAPI() != null) {
            for (var item : volume.getDownwardAPI().getItems()) {
                write(own, item, pod);
            }
        } else if (volume.getEmptyDir() == null) {
            throw ContainerConfigError.mount(
                    "volume \"" + volume.getName()
                            + "\": local mode has persistentVolumeClaim, configMap, secret, downwardAPI and emptyDir volumes only");
        }
        return own;
    }

    private static void write(Path folder, DownwardAPIVolumeFile item, Pod pod)
            throws IOException, ContainerConfigError {
        if (item.getFieldRef() == null) {
            throw ContainerConfigError.config("local mode has no resourceFieldRef in volumes");
        }
        Path file = folder.resolve(item.getPath());
        Files.createDirectories(file.getParent());
        Files.writeString(file, PodFields.value(item.getFieldRef().getFieldPath(), pod, ""));
    }

    private static void write(Path folder, Map<String, byte[]> content, List<KeyToPath> items)
            throws IOException, ContainerConfigError {
        if (Objects.requireNonNullElse(items, List.<KeyToPath>of()).isEmpty()) {
            for (var entry : content.entrySet()) {
                Files.write(folder.resolve(entry.getKey()), entry.getValue());
            }
            return;
        }
        for (var item : items) {
            byte[] bytes = content.get(item.getKey());
            if (bytes == null) {
                throw ContainerConfigError.mount("references non-existent config key: " + item.getKey());
            }
            Path file = folder.resolve(item.getPath());
            Files.createDirectories(file.getParent());
            Files.write(file, bytes);
        }
    }
}
