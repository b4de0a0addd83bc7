package dev.socratic.local.controlplane;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.logging.Level;
import java.util.logging.Logger;

/** fabric8's CRUD mock server: keeps what it is given and tells watchers; no process, no disk. */
final class CrudServer implements ControlPlane {
    private final KubernetesMockServer server;
    /** Held here, as the logging framework keeps levels only as long as someone holds the logger. */
    private final Logger requests = Logger.getLogger("io.fabric8.mockwebserver");

    private final String url;

    private CrudServer(KubernetesMockServer server) {
        this.server = server;
        requests.setLevel(Level.WARNING);
        server.init(InetAddress.getLoopbackAddress(), 0);
        this.url = "http://127.0.0.1:" + server.getPort();
    }

    static CrudServer start() {
        var server = new KubernetesMockServer(
                new Context(), new MockWebServer(), new HashMap<>(), new ApplyingDispatcher(), false);
        var plane = new CrudServer(server);
        try (var client = plane.newClient()) {
            client.namespaces()
                    .resource(new NamespaceBuilder()
                            .withNewMetadata()
                            .withName("default")
                            .endMetadata()
                            .build())
                    .create();
        }
        return plane;
    }

    @Override
    public Kind kind() {
        return Kind.MOCK;
    }

    @Override
    public String description() {
        return "fabric8's in-process mock of the API server";
    }

    @Override
    public String kubeconfig() {
        return """
                apiVersion: v1
                kind: Config
                clusters:
                - name: socratic-local
                  cluster: {server: "%s"}
                users:
                - name: socratic-local
                  user: {}
                contexts:
                - name: socratic-local
                  context: {cluster: socratic-local, user: socratic-local, namespace: default}
                current-context: socratic-local
                """.formatted(url);
    }

    @Override
    public KubernetesClient newClient() {
        Config config = new ConfigBuilder(Config.empty())
                .withMasterUrl(url)
                .withNamespace("default")
                .withHttp2Disable(true)
                .build();
        return new KubernetesClientBuilder()
                .withHttpClientFactory(new JdkHttpClientFactory())
                .withConfig(config)
                .build();
    }

    @Override
    public void bind(KubernetesClient client, Pod pod, String node) {
        client.pods()
                .inNamespace(pod.getMetadata().getNamespace())
                .withName(pod.getMetadata().getName())
                .edit(found -> {
                    found.getSpec().setNodeName(node);
                    return found;
                });
    }

    @Override
    public void close() {
        server.destroy();
    }
}
