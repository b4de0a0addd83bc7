package dev.socratic.bench;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/** Nodes that run nothing: kwok writes the statuses that kubelets would, as {@code stages.yaml} says. */
final class Kwok implements AutoCloseable {
    static final String LABEL = "bench.socratic.dev/node";
    static final String TAINT = "bench.socratic.dev/fake";
    private static final String ANNOTATION = "bench.socratic.dev/kwok";
    private static final int PODS_A_NODE = 100;
    private static final int GPUS_A_NODE = 2 * PODS_A_NODE;

    private final KubernetesClient client;
    private final Process process;
    private final Path stages;

    private Kwok(KubernetesClient client, Process process, Path stages) {
        this.client = client;
        this.process = process;
        this.stages = stages;
    }

    /**
     * @param program the kwok executable
     * @param kubeconfig of the cluster
     * @param pods room for that many
     */
    static Kwok start(KubernetesClient client, Path program, Path kubeconfig, Path log, int pods) throws IOException {
        Path stages = Files.createTempFile("stages", ".yaml");
        try (InputStream resource = Kwok.class.getResourceAsStream("stages.yaml")) {
            Files.write(stages, resource.readAllBytes());
        }
        Process process = new ProcessBuilder(
                        program.toString(),
                        "--config=" + stages,
                        "--kubeconfig=" + kubeconfig,
                        "--manage-all-nodes=false",
                        "--manage-nodes-with-annotation-selector=" + ANNOTATION + "=true",
                        "--node-lease-duration-seconds=40")
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        Kwok kwok = new Kwok(client, process, stages);
        List<Node> nodes = IntStream.rangeClosed(0, pods / PODS_A_NODE)
                .mapToObj(Kwok::node)
                .toList();
        nodes.forEach(node -> client.resource(node).create());
        nodes.forEach(node -> client.resource(node)
                .waitUntilCondition(
                        there -> there.getStatus().getConditions().stream()
                                .anyMatch(condition ->
                                        condition.getType().equals("Ready") && "True".equals(condition.getStatus())),
                        1,
                        TimeUnit.MINUTES));
        return kwok;
    }

    @Override
    public void close() throws IOException {
        client.nodes().withLabel(LABEL).delete();
        process.destroy();
        Files.delete(stages);
    }

    private static Node node(int number) {
        Map<String, Quantity> capacity = Map.of(
                "cpu", new Quantity("10k"),
                "memory", new Quantity("100Ti"),
                "pods", new Quantity(String.valueOf(PODS_A_NODE)),
                "nvidia.com/gpu", new Quantity(String.valueOf(GPUS_A_NODE)));
        return new NodeBuilder()
                .withNewMetadata()
                .withName("bench-" + number)
                .addToLabels(LABEL, "true")
                .addToLabels("nvidia.com/gpu.count", String.valueOf(GPUS_A_NODE))
                .addToLabels("nvidia.com/gpu.memory", "81920")
                .addToAnnotations(ANNOTATION, "true")
                .endMetadata()
                .withNewSpec()
                .addNewTaint()
                .withKey(TAINT)
                .withEffect("NoSchedule")
                .endTaint()
                .endSpec()
                .withNewStatus()
                .withCapacity(capacity)
                .withAllocatable(capacity)
                .endStatus()
                .build();
    }
}
