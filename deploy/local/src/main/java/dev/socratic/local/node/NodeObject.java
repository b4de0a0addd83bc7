package dev.socratic.local.node;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.NodeConditionBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.lang.management.ManagementFactory;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Map;

/** The Node object: this machine's cores and memory, ready, without GPUs. */
public final class NodeObject {
    private static final String VERSION = "socratic-local";

    private NodeObject() {}

    /** Registers the node, ready and without the taint that the API server gives to new nodes. */
    public static Node register(KubernetesClient client, String name) {
        var node = new NodeBuilder()
                .withNewMetadata()
                .withName(name)
                .withLabels(Map.of(
                        "kubernetes.io/hostname", name,
                        "kubernetes.io/os", os(),
                        "kubernetes.io/arch", arch()))
                .endMetadata()
                .withNewSpec()
                .endSpec()
                .build();
        client.nodes().resource(node).create();
        client.nodes().withName(name).edit(found -> {
            found.getSpec().setTaints(null);
            return found;
        });
        return client.nodes().withName(name).editStatus(NodeObject::ready);
    }

    private static Node ready(Node node) {
        Map<String, Quantity> capacity = Map.of(
                "cpu", new Quantity(String.valueOf(Runtime.getRuntime().availableProcessors())),
                "memory", new Quantity(memoryBytes() / 1024 + "Ki"),
                "pods", new Quantity("110"));
        String now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
        return new NodeBuilder(node)
                .editOrNewStatus()
                .withCapacity(capacity)
                .withAllocatable(capacity)
                .addNewAddress("127.0.0.1", "InternalIP")
                .addNewAddress("localhost", "Hostname")
                .withConditions(new NodeConditionBuilder()
                        .withType("Ready")
                        .withStatus("True")
                        .withReason("LocalNodeReady")
                        .withMessage("pods run as processes of this machine")
                        .withLastHeartbeatTime(now)
                        .withLastTransitionTime(now)
                        .build())
                .withNewNodeInfo()
                .withArchitecture(arch())
                .withOperatingSystem(os())
                .withOsImage(System.getProperty("os.name"))
                .withKernelVersion(System.getProperty("os.version"))
                .withKubeletVersion(VERSION)
                .withKubeProxyVersion(VERSION)
                .withContainerRuntimeVersion(
                        "process://java-" + Runtime.version().feature())
                .withMachineID("")
                .withSystemUUID("")
                .withBootID("")
                .endNodeInfo()
                .endStatus()
                .build();
    }

    private static long memoryBytes() {
        var system = ManagementFactory.getOperatingSystemMXBean();
        return system instanceof com.sun.management.OperatingSystemMXBean machine ? machine.getTotalMemorySize() : 0;
    }

    private static String os() {
        return System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("mac") ? "darwin" : "linux";
    }

    private static String arch() {
        String arch = System.getProperty("os.arch");
        return switch (arch) {
            case "x86_64", "amd64" -> "amd64";
            case "aarch64" -> "arm64";
            default -> arch;
        };
    }
}
