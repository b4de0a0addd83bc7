package dev.socratic.operator;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import io.fabric8.kubeapitest.KubeAPIServer;
import io.fabric8.kubeapitest.KubeAPIServerConfigBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.server.mock.KubernetesMixedDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.mockwebserver.ServerRequest;
import io.fabric8.mockwebserver.ServerResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.TimeUnit;

/** An API server with our CRD and without controllers: what a Job controller would do, the test does. */
record ClusterUnderTest(KubernetesClient client, Runnable stop) implements AutoCloseable {
    private static final String VERSION = "1.34.4";
    private static final Path BINARIES =
            Path.of(System.getProperty("user.home"), ".kubeapitest", "k8s", VERSION + "-linux-amd64");

    enum Kind {
        CRUD_MOCK,
        REAL_API_SERVER
    }

    static ClusterUnderTest start(Kind kind) {
        ClusterUnderTest cluster = switch (kind) {
            case CRUD_MOCK -> mock();
            case REAL_API_SERVER -> real();
        };
        CustomResourceDefinition crd = Serialization.unmarshal(
                ClusterUnderTest.class.getResourceAsStream(
                        "/META-INF/socratic/" + CustomResource.getCRDName(SocraticFineTune.class) + "-v1.yml"),
                CustomResourceDefinition.class);
        cluster.client.resource(crd).create();
        cluster.client
                .resource(crd)
                .waitUntilCondition(
                        created -> kind == Kind.CRUD_MOCK
                                || created != null
                                        && created.getStatus() != null
                                        && created.getStatus().getConditions() != null
                                        && created.getStatus().getConditions().stream()
                                                .anyMatch(condition -> "Established".equals(condition.getType())
                                                        && "True".equals(condition.getStatus())),
                        30,
                        TimeUnit.SECONDS);
        return cluster;
    }

    @Override
    public void close() {
        client.close();
        stop.run();
    }

    private static ClusterUnderTest mock() {
        Map<ServerRequest, Queue<ServerResponse>> responses = new HashMap<>();
        KubernetesMockServer server = new KubernetesMockServer(
                new Context(Serialization.jsonMapper()),
                new MockWebServer(),
                responses,
                new KubernetesMixedDispatcher(responses),
                false);
        server.init();
        return new ClusterUnderTest(server.createClient(), server::destroy);
    }

    private static ClusterUnderTest real() {
        assumeTrue(
                Files.isExecutable(BINARIES.resolve("kube-apiserver")),
                "needs etcd and kube-apiserver " + VERSION + " in " + BINARIES);
        KubeAPIServer server = new KubeAPIServer(KubeAPIServerConfigBuilder.anAPIServerConfig()
                .withOfflineMode(true)
                .withApiServerVersion(VERSION)
                .build());
        server.start();
        KubernetesClient client = new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(server.getKubeConfigYaml()))
                .build();
        return new ClusterUnderTest(client, server::stop);
    }
}
