package dev.socratic.bench;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.api.v1alpha1.status.Phase;
import dev.socratic.operator.settings.Setting;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Many resources at once, against the floor: as many plain Jobs with the same pod, in the same run. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        description = "Measures the operator with many resources on nodes that kwok simulates, beside plain Jobs.")
public final class ScaleBenchmark implements Callable<Integer> {
    private static final Duration STEADY = Duration.ofMinutes(1);

    /** To delete a thousand resources is one request. */
    private static final Duration LONGEST_REQUEST = Duration.ofMinutes(2);

    @Option(names = "--resources", split = ",", defaultValue = "500,1000", description = "Sizes (${DEFAULT-VALUE}).")
    private List<Integer> sizes;

    @Option(
            names = "--warm-up",
            defaultValue = "300",
            description = "Resources that the operator's process has before those that count (${DEFAULT-VALUE}).")
    private int warmUp;

    @Option(
            names = "--kubeconfig",
            defaultValue = "${env:KUBECONFIG}",
            description = "A cluster with scheduler and controllers; the CRD is installed, the operator is not.")
    private Path kubeconfig;

    @Option(names = "--kwok", defaultValue = "kwok", description = "The kwok program (${DEFAULT-VALUE}).")
    private Path kwok;

    @Option(
            names = "--java-options",
            split = " ",
            defaultValue = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:MaxRAM=512m",
            description = "Of the operator; its image's, and the chart's limit of memory (${DEFAULT-VALUE}).")
    private List<String> javaOptions;

    @Option(names = "--out", description = "A JSON file for the result.")
    private Path out;

    @Option(names = "--logs", defaultValue = "target/bench", description = "Folder for logs (${DEFAULT-VALUE}).")
    private Path logs;

    public static void main(String[] arguments) {
        System.setProperty("logback.configurationFile", "bench-logback.xml");
        System.exit(new CommandLine(new ScaleBenchmark()).execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        Files.createDirectories(logs);
        int most = Math.max(warmUp, Collections.max(sizes));
        List<Measurement> measurements = new ArrayList<>();
        Config config = Config.fromKubeconfig(kubeconfig.toFile());
        config.setRequestTimeout((int) LONGEST_REQUEST.toMillis());
        try (KubernetesClient client =
                        new KubernetesClientBuilder().withConfig(config).build();
                Trainers trainers = new Trainers();
                Kwok nodes = Kwok.start(client, kwok, kubeconfig, logs.resolve("kwok.log"), most);
                World world = new World(client)) {
            Map<Setting, String> settings = Map.of(
                    Setting.NAMESPACES,
                    World.NAMESPACE,
                    Setting.CHECKPOINTS_SIZE,
                    "0",
                    Setting.PROGRESS_PORT,
                    String.valueOf(trainers.port()));
            Path log = logs.resolve("operator.log");
            System.out.println(Measurement.HEADER);
            for (int size : sizes) {
                Measurement measurement = measure(
                        client, world, size, () -> OperatorProcess.start(kubeconfig, log, javaOptions, settings));
                System.out.println(measurement.line());
                System.out.println(measurement.requests());
                measurements.add(measurement);
                world.removeAll();
            }
        }
        if (out != null) {
            Files.writeString(
                    out,
                    Serialization.jsonMapper().writerWithDefaultPrettyPrinter().writeValueAsString(measurements));
        }
        return 0;
    }

    /** In a process of its own, which has its first resources before those that count. */
    private Measurement measure(KubernetesClient client, World world, int size, Callable<OperatorProcess> start)
            throws Exception {
        OperatorProcess operator = start.call();
        try {
            PodTemplateSpec template = world.podTemplate();
            Running cold = running(client, operator, warmUp, () -> world.createResources(warmUp));
            world.removeAll();
            double floor = seconds(pods(client, size, () -> world.createJobs(size, template)));
            world.removeAll();
            Running ours = running(client, operator, size, () -> world.createResources(size));
            settle(operator);
            Cost settled = operator.cost();
            LockSupport.parkNanos(STEADY.toNanos());
            Cost steady = operator.cost().since(settled);
            operator.close();
            operator = start.call();
            settle(operator);
            int restartWrites = operator.cost().writes();
            double succeeded = seconds(succeeded(client, size, world));
            return new Measurement(
                    size,
                    floor,
                    seconds(ours.pods()),
                    seconds(ours.pods()) / floor,
                    seconds(ours.statuses()),
                    succeeded,
                    (double) ours.cost().writes() / size,
                    (double) ours.cost().reads() / size,
                    (double) cold.cost().cpu().toMillis() / warmUp,
                    (double) ours.cost().cpu().toMillis() / size,
                    (double) ours.podsCost().cpu().toMillis() / size,
                    settled.residentBytes() >> 20,
                    steady.writes(),
                    restartWrites,
                    ours.cost().requests());
        } finally {
            operator.close();
        }
    }

    private static Duration pods(KubernetesClient client, int count, Work work) throws InterruptedException {
        try (Arrivals<Pod> pods = new Arrivals<>(
                client.pods().inNamespace(World.NAMESPACE),
                count,
                pod -> "Running".equals(pod.getStatus().getPhase()))) {
            work.run();
            return pods.await();
        }
    }

    /** Statuses are watched when the pods run: a watch that plain Jobs do not have would count as the operator's. */
    private static Running running(KubernetesClient client, OperatorProcess operator, int count, Work work)
            throws IOException, InterruptedException {
        Cost before = operator.cost();
        Duration pods = pods(client, count, work);
        Cost podsCost = operator.cost().since(before);
        try (Arrivals<SocraticFineTune> statuses = phase(client, count, Phase.RUNNING)) {
            Duration told = pods.plus(statuses.await());
            return new Running(pods, told, podsCost, operator.cost().since(before));
        }
    }

    private static Duration succeeded(KubernetesClient client, int count, World world) throws InterruptedException {
        try (Arrivals<SocraticFineTune> statuses = phase(client, count, Phase.SUCCEEDED)) {
            world.endAll();
            return statuses.await();
        }
    }

    private static Arrivals<SocraticFineTune> phase(KubernetesClient client, int count, Phase phase) {
        return new Arrivals<>(
                client.resources(SocraticFineTune.class).inNamespace(World.NAMESPACE),
                count,
                resource -> resource.getStatus() != null && resource.getStatus().phase() == phase);
    }

    /** Returns when the operator has sent nothing for a while: late progress is written by then. */
    private static void settle(OperatorProcess operator) throws Exception {
        Cost before = operator.cost();
        int quiet = 0;
        while (quiet < 15) {
            LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1));
            Cost now = operator.cost();
            quiet = now.since(before).writes() == 0 ? quiet + 1 : 0;
            before = now;
        }
    }

    private static double seconds(Duration duration) {
        return duration.toMillis() / 1000.0;
    }

    private record Running(Duration pods, Duration statuses, Cost podsCost, Cost cost) {}

    private interface Work {
        void run() throws InterruptedException;
    }
}
