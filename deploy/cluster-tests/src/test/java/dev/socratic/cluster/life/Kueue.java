package dev.socratic.cluster.life;

import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.socratic.cluster.Manifests;
import dev.socratic.cluster.Program;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/**
 * Kueue's own controller in the cluster, from its chart, with two queues in {@link Installation#NAMESPACE}.
 *
 * @param files its objects, and those of the queues
 */
record Kueue(Program kubectl, Path files) implements AutoCloseable {
    /** Has room for one trainer, on nodes with {@link #NODES}. */
    static final String ONE_AT_A_TIME = "one-at-a-time";

    /** Has room for half a trainer, until {@link #widen}. */
    static final String TOO_SMALL = "too-small";

    static final String URGENT = "urgent";
    static final Map<String, String> NODES = Map.of("nvidia.com/gpu.present", "true");
    static final String TAINT = "tests.socratic.dev/pool";

    static final String NAMESPACE = "kueue-system";
    private static final String IMAGE = "localhost/kueue";
    private static final String QUEUES = """
            apiVersion: kueue.x-k8s.io/v1beta2
            kind: ResourceFlavor
            metadata: {name: pool}
            spec:
              nodeLabels: {nvidia.com/gpu.present: "true"}
              tolerations: [{key: tests.socratic.dev/pool, operator: Exists, effect: NoSchedule}]
            ---
            apiVersion: kueue.x-k8s.io/v1beta2
            kind: WorkloadPriorityClass
            metadata: {name: urgent}
            value: 1000
            ---
            apiVersion: kueue.x-k8s.io/v1beta2
            kind: ClusterQueue
            metadata: {name: one-at-a-time}
            spec:
              namespaceSelector: {}
              preemption: {withinClusterQueue: LowerPriority}
              resourceGroups:
                - coveredResources: [cpu, memory]
                  flavors: [{name: pool, resources: [{name: cpu, nominalQuota: 100m}, {name: memory, nominalQuota: 8Gi}]}]
            ---
            apiVersion: kueue.x-k8s.io/v1beta2
            kind: ClusterQueue
            metadata: {name: too-small}
            spec:
              namespaceSelector: {}
              resourceGroups:
                - coveredResources: [cpu, memory]
                  flavors: [{name: pool, resources: [{name: cpu, nominalQuota: 50m}, {name: memory, nominalQuota: 8Gi}]}]
            ---
            apiVersion: kueue.x-k8s.io/v1beta2
            kind: LocalQueue
            metadata: {name: one-at-a-time, namespace: tutors}
            spec: {clusterQueue: one-at-a-time}
            ---
            apiVersion: kueue.x-k8s.io/v1beta2
            kind: LocalQueue
            metadata: {name: too-small, namespace: tutors}
            spec: {clusterQueue: too-small}
            """;

    /** The calling test is skipped where Kueue's chart is not there. */
    static Kueue install(Installation cluster, Path folder) {
        Program kubectl = cluster.kubectl();
        Kueue kueue = new Kueue(kubectl, folder);
        kueue.write("kueue.yaml", Manifests.write(objects(cluster.helm())));
        kueue.write("queues.yaml", QUEUES);
        kubectl.run("create", "namespace", NAMESPACE);
        kubectl.run("apply", "--server-side", "-f", kueue.file("kueue.yaml"));
        kubectl.run("-n", NAMESPACE, "rollout", "status", "deployment/kueue-controller-manager", "--timeout=120s");
        kueue.awaitQueues();
        return kueue;
    }

    /** Without the server for lists of pending workloads, which needs an API server that aggregates others. */
    private static Map<String, ObjectNode> objects(Program helm) {
        Path chart = Program.folder("kueue-chart");
        Map<String, ObjectNode> objects = Manifests.parse(helm.run(
                "template",
                "kueue",
                chart.toString(),
                "--namespace",
                NAMESPACE,
                "--set",
                "controllerManager.featureGates[0].name=VisibilityOnDemand,controllerManager.featureGates[0].enabled=false",
                "--set",
                "controllerManager.manager.image.repository=" + IMAGE
                        + ",controllerManager.manager.image.tag=local,controllerManager.manager.image.pullPolicy=Never",
                "--set",
                "controllerManager.manager.podSecurityContext.runAsUser=65532",
                "--set",
                "controllerManager.manager.resources.requests.cpu=100m"));
        objects.keySet().removeIf(key -> key.startsWith("APIService "));
        return objects;
    }

    /** Its webhooks, which check the queues, answer a little later than its readiness says. */
    private void awaitQueues() {
        assertTimeoutPreemptively(Duration.ofMinutes(1), () -> {
            while (kubectl.tryRun("apply", "--server-side", "-f", file("queues.yaml"))
                            .exitCode()
                    != 0) {
                Thread.onSpinWait();
            }
        });
    }

    /** Gives {@link #TOO_SMALL} room for one trainer. */
    void widen() {
        kubectl.run(
                "patch",
                "clusterqueue",
                TOO_SMALL,
                "--type=json",
                "--patch",
                "[{\"op\": \"replace\", \"path\": \"/spec/resourceGroups/0/flavors/0/resources/0/nominalQuota\", \"value\": \"100m\"}]");
    }

    /** The queues first: Kueue lets them and its Workloads go only while it runs. */
    @Override
    public void close() {
        kubectl.run("delete", "jobs", "-n", Installation.NAMESPACE, "-l", "kueue.x-k8s.io/queue-name");
        kubectl.run("wait", "--for=delete", "workloads.kueue.x-k8s.io", "--all", "-A", "--timeout=60s");
        kubectl.run("delete", "-f", file("queues.yaml"), "--timeout=60s");
        kubectl.run("delete", "-f", file("kueue.yaml"), "--timeout=120s");
        kubectl.run("delete", "namespace", NAMESPACE);
    }

    private String file(String name) {
        return files.resolve(name).toString();
    }

    private void write(String name, String content) {
        try {
            Files.writeString(files.resolve(name), content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
