package dev.socratic.local;

import dev.socratic.local.controlplane.ControlPlane;
import dev.socratic.local.node.Claims;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** Applies a file as {@code kubectl apply --server-side} does, with what a cluster's people would have made before. */
final class Submission {
    /** Field manager of what local mode applies. */
    static final String FIELD_MANAGER = "socratic-local";

    private static final String LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
    private static final String TOKEN = "HUGGINGFACE_TOKEN";
    private static final String KIND = "SocraticFineTune";

    private final LocalCluster cluster;
    private final Map<String, Path> folders;
    private final Map<String, String> environment;
    private final Consumer<String> tell;

    /**
     * @param folders folders that stand for claims, by claim name
     * @param environment this machine's variables; a token there becomes the Secret that a file asks for
     */
    Submission(
            LocalCluster cluster, Map<String, Path> folders, Map<String, String> environment, Consumer<String> tell) {
        this.cluster = cluster;
        this.folders = folders;
        this.environment = environment;
        this.tell = tell;
    }

    /** @throws LocalFailure when the API server refuses the file */
    void apply(FineTuneFile file) {
        var client = cluster.client();
        if (client.namespaces().withName(file.namespace()).get() == null) {
            var namespace = new NamespaceBuilder()
                    .withNewMetadata()
                    .withName(file.namespace())
                    .endMetadata()
                    .build();
            client.namespaces().resource(namespace).create();
        }
        List<HasMetadata> documents = documents(file, client);
        for (HasMetadata document : documents) {
            if (!document.getKind().equals(KIND)) {
                serverSideApply(document);
            }
        }
        makeClaims(file, documents);
        makeTokenSecret(file);
        documents.stream()
                .filter(document -> document.getKind().equals(KIND))
                .forEach(document -> serverSideApply(
                        cluster.plane().kind() == ControlPlane.Kind.REAL ? document : withDefaults(file)));
    }

    private static List<HasMetadata> documents(FineTuneFile file, KubernetesClient client) {
        try (var stream = Files.newInputStream(file.path())) {
            List<HasMetadata> documents = client.load(stream).items();
            documents.stream()
                    .filter(document -> document.getMetadata().getNamespace() == null)
                    .forEach(document -> document.getMetadata().setNamespace(file.namespace()));
            return documents;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The mock server has no schema to take defaults from. */
    private static HasMetadata withDefaults(FineTuneFile file) {
        var resource = file.resource();
        resource.getMetadata().setNamespace(file.namespace());
        return resource;
    }

    private void serverSideApply(HasMetadata document) {
        rememberAsKubectlDoes(document);
        try {
            cluster.client()
                    .resource(document)
                    .fieldManager(FIELD_MANAGER)
                    .forceConflicts()
                    .serverSideApply();
        } catch (KubernetesClientException e) {
            String message =
                    e.getStatus() == null ? e.getMessage() : e.getStatus().getMessage();
            throw LocalFailure.configuration("the API server refuses the file: " + message);
        }
    }

    /** Lets a later {@code kubectl apply} of the same file find out which fields it drops. */
    private static void rememberAsKubectlDoes(HasMetadata document) {
        Map<String, String> annotations = new LinkedHashMap<>();
        if (document.getMetadata().getAnnotations() != null) {
            annotations.putAll(document.getMetadata().getAnnotations());
        }
        annotations.put(LAST_APPLIED, Serialization.asJson(document));
        document.getMetadata().setAnnotations(annotations);
    }

    /**
     * A claim is the folder that was given for it, else the file's own folder if that bears its name, else an empty
     * folder if the adapter goes there. Other claims are left to be missing, as they would be in a cluster.
     */
    private void makeClaims(FineTuneFile file, List<HasMetadata> documents) {
        Path own = file.path().toAbsolutePath().normalize().getParent();
        for (String name : file.claims()) {
            boolean declared = documents.stream()
                    .anyMatch(document -> document instanceof PersistentVolumeClaim
                            && document.getMetadata().getName().equals(name));
            if (declared) {
                continue;
            }
            Path given = folders.getOrDefault(name, own.endsWith(name) ? own : null);
            Path kept = cluster.directory().claims().resolve(file.namespace()).resolve(name);
            boolean output = file.outputClaim().equals(Optional.of(name));
            if (given == null && !output && !Files.isDirectory(kept)) {
                tell.accept("claim " + name + " has no folder: give one with --claim " + name + "=FOLDER");
                continue;
            }
            serverSideApply(claim(file.namespace(), name, given));
            tell.accept("claim " + name + " is the folder " + (given == null ? kept : given));
        }
    }

    private static PersistentVolumeClaim claim(String namespace, String name, Path folder) {
        return new PersistentVolumeClaimBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace(namespace)
                .withAnnotations(
                        folder == null
                                ? null
                                : Map.of(
                                        Claims.FOLDER,
                                        folder.toAbsolutePath().normalize().toString()))
                .endMetadata()
                .withNewSpec()
                .withAccessModes("ReadWriteOnce")
                .withNewResources()
                .addToRequests("storage", new Quantity("1Gi"))
                .endResources()
                .endSpec()
                .build();
    }

    private void makeTokenSecret(FineTuneFile file) {
        var reference = file.resource().getSpec().model().secretRef();
        String token = environment.get(TOKEN);
        if (reference == null || token == null || token.isBlank()) {
            return;
        }
        serverSideApply(new SecretBuilder()
                .withNewMetadata()
                .withName(reference.name())
                .withNamespace(file.namespace())
                .endMetadata()
                .withData(Map.of(TOKEN, Base64.getEncoder().encodeToString(token.getBytes(StandardCharsets.UTF_8))))
                .build());
        tell.accept("Secret " + reference.name() + " holds this shell's " + TOKEN);
    }
}
