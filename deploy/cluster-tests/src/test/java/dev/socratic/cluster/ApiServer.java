package dev.socratic.cluster;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubeapitest.KubeAPIServer;
import io.fabric8.kubeapitest.KubeAPIServerConfigBuilder;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.authentication.TokenRequestBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A real API server with etcd: admission, RBAC and all, but no controllers and no nodes. It notes every request.
 *
 * @param folder of its files
 * @param kubeconfig of an administrator
 * @param admin client with that kubeconfig
 */
public record ApiServer(Path folder, Path kubeconfig, KubernetesClient admin, Runnable stop) implements AutoCloseable {
    private static final String VERSION = "1.34.4";
    private static final Path BINARIES =
            Path.of(System.getProperty("user.home"), ".kubeapitest", "k8s", VERSION + "-linux-amd64");
    private static final String AUDIT_POLICY = """
            apiVersion: audit.k8s.io/v1
            kind: Policy
            omitStages: [RequestReceived]
            rules: [{level: Metadata}]
            """;
    private static final JsonMapper JSON = new JsonMapper();

    /** A request as the server judged it; {@code resource} is {@code resource[/subresource]} of {@code group}. */
    public record Request(String verb, String group, String resource, String namespace, String decision, int code) {}

    /** Starts one that keeps its files in {@code folder}; the calling test is skipped without its binaries. */
    public static ApiServer start(Path folder) {
        assumeTrue(
                Files.isExecutable(BINARIES.resolve("kube-apiserver")),
                "needs etcd and kube-apiserver " + VERSION + " in " + BINARIES);
        try {
            Path policy = Files.writeString(folder.resolve("audit-policy.yaml"), AUDIT_POLICY);
            KubeAPIServer server = new KubeAPIServer(KubeAPIServerConfigBuilder.anAPIServerConfig()
                    .withOfflineMode(true)
                    .withApiServerVersion(VERSION)
                    .withApiServerFlag("--audit-policy-file", policy.toString())
                    .withApiServerFlag("--audit-log-path", auditLog(folder).toString())
                    .build());
            server.start();
            Path kubeconfig = Files.writeString(folder.resolve("admin.kubeconfig"), server.getKubeConfigYaml());
            KubernetesClient admin = new KubernetesClientBuilder()
                    .withConfig(Config.fromKubeconfig(server.getKubeConfigYaml()))
                    .build();
            return new ApiServer(folder, kubeconfig, admin, server::stop);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        admin.close();
        stop.run();
    }

    /** Helm or kubectl as the administrator. */
    public Program administrator(String program) {
        return Program.named(program).with(Map.of("KUBECONFIG", kubeconfig.toString(), "HOME", folder.toString()));
    }

    /** A namespace that admits nothing but what the "restricted" pod security standard allows. */
    public Namespace createRestrictedNamespace(String name) {
        return admin.resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .addToLabels("pod-security.kubernetes.io/enforce", "restricted")
                        .endMetadata()
                        .build())
                .create();
    }

    /** A kubeconfig with a token of a service account, as a pod would get it. */
    public Path kubeconfigOf(String namespace, String serviceAccount) {
        String token = admin.serviceAccounts()
                .inNamespace(namespace)
                .withName(serviceAccount)
                .tokenRequest(new TokenRequestBuilder()
                        .withNewSpec()
                        .withExpirationSeconds(3600L)
                        .endSpec()
                        .build())
                .getStatus()
                .getToken();
        ObjectNode config = (ObjectNode) Manifests.readTree(kubeconfig);
        ((ObjectNode) config.at("/users/0")).putObject("user").put("token", token);
        try {
            return Files.writeString(folder.resolve(serviceAccount + ".kubeconfig"), Manifests.write(config));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What a service account asked for so far, and how it was answered. */
    public List<Request> requestsOf(String namespace, String serviceAccount) {
        String user = "system:serviceaccount:" + namespace + ":" + serviceAccount;
        List<Request> requests = new ArrayList<>();
        try {
            for (String line : Files.readAllLines(auditLog(folder))) {
                JsonNode event = JSON.readTree(line);
                JsonNode object = event.path("objectRef");
                if (user.equals(event.at("/user/username").asText()) && !object.isMissingNode()) {
                    String subresource = object.path("subresource").asText();
                    requests.add(new Request(
                            event.path("verb").asText(),
                            object.path("apiGroup").asText(),
                            object.path("resource").asText() + (subresource.isEmpty() ? "" : "/" + subresource),
                            object.path("namespace").asText(),
                            event.path("annotations")
                                    .path("authorization.k8s.io/decision")
                                    .asText(),
                            event.at("/responseStatus/code").asInt()));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return requests;
    }

    private static Path auditLog(Path folder) {
        return folder.resolve("audit.log");
    }
}
