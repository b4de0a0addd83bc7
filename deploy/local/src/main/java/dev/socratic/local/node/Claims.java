package dev.socratic.local.node;

import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Persistent volume claims as folders. A claim that a person made keeps its folder for good; one that a resource owns
 * has a folder of its own that goes with it.
 */
public final class Claims {
    /** Annotation with the folder that stands for the claim, for data that is already on this machine. */
    public static final String FOLDER = "local.socratic.dev/folder";

    private static final String PROTECTION = "kubernetes.io/pvc-protection";

    private final KubernetesClient client;
    private final NodeSettings settings;
    private final Map<String, Path> owned = new HashMap<>();

    public Claims(KubernetesClient client, NodeSettings settings) {
        this.client = client;
        this.settings = settings;
    }

    /** Binds new claims, and lets go of deleted ones that no pod uses any more. */
    public void sync(List<PersistentVolumeClaim> claims, List<Pod> pods) {
        for (var claim : claims) {
            if (claim.getMetadata().getDeletionTimestamp() != null) {
                release(claim, pods);
            } else if (claim.getStatus() == null
                    || !"Bound".equals(claim.getStatus().getPhase())) {
                bind(claim);
            }
        }
        var alive = claims.stream().map(c -> c.getMetadata().getUid()).toList();
        var gone = owned.keySet().stream().filter(uid -> !alive.contains(uid)).toList();
        gone.forEach(uid -> deleteTree(owned.remove(uid)));
    }

    /** The folder of a bound claim; empty if there is no such claim yet. */
    public Optional<Path> folder(String namespace, String name) {
        return Optional.ofNullable(client.persistentVolumeClaims()
                        .inNamespace(namespace)
                        .withName(name)
                        .get())
                .filter(claim -> claim.getStatus() != null
                        && "Bound".equals(claim.getStatus().getPhase()))
                .map(this::folder);
    }

    private Path folder(PersistentVolumeClaim claim) {
        var metadata = claim.getMetadata();
        String given = metadata.getAnnotations() == null
                ? null
                : metadata.getAnnotations().get(FOLDER);
        if (given != null) {
            return Path.of(given);
        }
        return metadata.getOwnerReferences().isEmpty()
                ? settings.claims().resolve(metadata.getNamespace()).resolve(metadata.getName())
                : settings.volumes().resolve(metadata.getUid());
    }

    private void bind(PersistentVolumeClaim claim) {
        Path folder = folder(claim);
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (folder.startsWith(settings.volumes())) {
            owned.put(claim.getMetadata().getUid(), folder);
        }
        client.persistentVolumeClaims()
                .inNamespace(claim.getMetadata().getNamespace())
                .withName(claim.getMetadata().getName())
                .editStatus(found -> found.edit()
                        .editOrNewStatus()
                        .withPhase("Bound")
                        .withAccessModes(found.getSpec().getAccessModes())
                        .withCapacity(
                                found.getSpec().getResources() == null
                                        ? null
                                        : found.getSpec().getResources().getRequests())
                        .endStatus()
                        .build());
    }

    private void release(PersistentVolumeClaim claim, List<Pod> pods) {
        boolean used = pods.stream()
                .filter(pod -> !PodStatuses.ended(pod))
                .filter(pod -> pod.getMetadata()
                        .getNamespace()
                        .equals(claim.getMetadata().getNamespace()))
                .flatMap(pod -> pod.getSpec().getVolumes().stream())
                .anyMatch(volume -> volume.getPersistentVolumeClaim() != null
                        && volume.getPersistentVolumeClaim()
                                .getClaimName()
                                .equals(claim.getMetadata().getName()));
        if (!used && claim.getMetadata().getFinalizers().contains(PROTECTION)) {
            client.persistentVolumeClaims()
                    .inNamespace(claim.getMetadata().getNamespace())
                    .withName(claim.getMetadata().getName())
                    .edit(found -> {
                        found.getMetadata().getFinalizers().remove(PROTECTION);
                        return found;
                    });
        }
    }

    private static void deleteTree(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> paths = Files.walk(folder)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
