package dev.socratic.cluster.life;

import dev.socratic.cluster.Program;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Folders of this machine as the cluster's volumes: named ones for users' claims, spare ones for checkpoints. */
final class SharedFolders implements AutoCloseable {
    private static final String LABEL = "socratic.dev/test-volume";
    private static final int SPARE = 30;
    private static final Map<String, Quantity> SIZE = Map.of("storage", new Quantity("1Gi"));

    private final KubernetesClient client;
    private final Path root;

    private SharedFolders(KubernetesClient client, Path root) {
        this.client = client;
        this.root = root;
    }

    /** The quickstart's files are in the folder of the claim {@code quickstart}. */
    static SharedFolders claimed(KubernetesClient client, String namespace, List<String> claims) {
        try {
            SharedFolders folders = new SharedFolders(client, Files.createTempDirectory("socratic-volumes"));
            Files.setPosixFilePermissions(folders.root, PosixFilePermissions.fromString("rwxr-xr-x"));
            for (String claim : claims) {
                folders.volume(claim, namespace, claim);
                folders.claim(namespace, claim);
            }
            for (int spare = 0; spare < SPARE; spare++) {
                folders.volume("spare-" + spare, null, null);
            }
            copy(Program.ROOT.resolve("deploy/samples/quickstart"), folders.of("quickstart"));
            return folders;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The folder of a claim. */
    Path of(String claim) {
        return root.resolve(claim);
    }

    /** Makes a claim, and the volume that it is bound to. */
    void add(String namespace, String claim) throws IOException {
        volume(claim, namespace, claim);
        claim(namespace, claim);
    }

    @Override
    public void close() throws IOException {
        client.persistentVolumes().withLabel(LABEL).delete();
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private void volume(String name, String namespace, String claim) throws IOException {
        Path folder = Files.createDirectory(of(name));
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
        PersistentVolume volume = new PersistentVolumeBuilder()
                .withNewMetadata()
                .withName("socratic-test-" + name)
                .addToLabels(LABEL, "true")
                .endMetadata()
                .withNewSpec()
                .withCapacity(SIZE)
                .withAccessModes("ReadWriteOnce", "ReadWriteMany")
                .withPersistentVolumeReclaimPolicy("Retain")
                .withStorageClassName("")
                .withNewHostPath()
                .withPath(folder.toString())
                .endHostPath()
                .endSpec()
                .build();
        if (claim != null) {
            volume = new PersistentVolumeBuilder(volume)
                    .editSpec()
                    .withNewClaimRef()
                    .withNamespace(namespace)
                    .withName(claim)
                    .endClaimRef()
                    .endSpec()
                    .build();
        }
        client.resource(volume).create();
    }

    private void claim(String namespace, String name) {
        client.resource(new PersistentVolumeClaimBuilder()
                        .withNewMetadata()
                        .withNamespace(namespace)
                        .withName(name)
                        .endMetadata()
                        .withNewSpec()
                        .withAccessModes("ReadWriteMany")
                        .withStorageClassName("")
                        .withVolumeName("socratic-test-" + name)
                        .withNewResources()
                        .withRequests(SIZE)
                        .endResources()
                        .endSpec()
                        .build())
                .create();
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path target = to.resolve(from.relativize(file).toString());
                Files.createDirectories(target.getParent());
                Files.copy(file, target);
            }
        }
    }
}
