package dev.socratic.cluster.gitops;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.cluster.Program;
import dev.socratic.local.agent.NodeAgent;
import dev.socratic.local.controlplane.ControlPlane;
import dev.socratic.local.controlplane.ControlPlanes;
import dev.socratic.local.node.NodeSettings;
import dev.socratic.operator.SocraticOperator;
import dev.socratic.operator.settings.OperatorSettings;
import dev.socratic.operator.settings.Setting;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.CustomResourceDefinitionContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** A real API server, the operator, and a node on which a script stands for the trainer. */
final class ClusterWithRuns implements AutoCloseable {
    private static final Duration FIRST_BACKOFF = Duration.ofMillis(50);

    private final ControlPlane plane;
    private final KubernetesClient client;
    private final NodeAgent node;
    private final SocraticOperator operator;
    private final Path kubeconfig;

    private ClusterWithRuns(
            ControlPlane plane, KubernetesClient client, NodeAgent node, SocraticOperator operator, Path kubeconfig) {
        this.plane = plane;
        this.client = client;
        this.node = node;
        this.operator = operator;
        this.kubeconfig = kubeconfig;
    }

    /**
     * The calling test is skipped where the API server is not installed.
     *
     * @param kubectl installs the CRD, as a person would
     */
    static ClusterWithRuns start(Path folder, Program kubectl) throws Exception {
        assumeTrue(ControlPlanes.realIsInstalled(), "etcd and kube-apiserver are not on this machine");
        ControlPlane plane = ControlPlanes.start(ControlPlanes.Choice.REAL, folder, line -> {});
        Path kubeconfig = Files.writeString(folder.resolve("kubeconfig"), plane.kubeconfig());
        Program admin = kubectl.with(Map.of("KUBECONFIG", kubeconfig.toString()));
        admin.run("apply", "-f", "crds/socraticfinetunes.socratic.dev-v1.yml");
        admin.run("wait", "--for=condition=Established", "crd/socraticfinetunes.socratic.dev", "--timeout=30s");
        KubernetesClient client = plane.newClient();
        SocraticOperator operator = new SocraticOperator(
                client,
                OperatorSettings.with(
                        Map.of(Setting.PROGRESS_POLL_INTERVAL, "500ms", Setting.PENDING_CHECK_INTERVAL, "500ms")));
        operator.start();
        return new ClusterWithRuns(plane, client, node(plane, folder), operator, kubeconfig);
    }

    private static NodeAgent node(ControlPlane plane, Path folder) throws Exception {
        Path trainer = Path.of(Objects.requireNonNull(ClusterWithRuns.class.getResource("/gitops/trainer.sh"))
                .toURI());
        NodeSettings settings = new NodeSettings(
                "node",
                subfolder(folder, "pods"),
                subfolder(folder, "claims"),
                subfolder(folder, "volumes"),
                subfolder(folder, "cache"),
                image -> Optional.of(List.of("/bin/sh", trainer.toString())));
        return NodeAgent.start(
                plane.newClient(),
                CustomResourceDefinitionContext.fromCustomResourceType(SocraticFineTune.class),
                settings,
                plane::bind,
                Clock.systemUTC(),
                FIRST_BACKOFF);
    }

    private static Path subfolder(Path folder, String name) throws IOException {
        return Files.createDirectories(folder.resolve(name));
    }

    Path kubeconfig() {
        return kubeconfig;
    }

    @Override
    public void close() {
        operator.close();
        node.close();
        client.close();
        plane.close();
    }
}
