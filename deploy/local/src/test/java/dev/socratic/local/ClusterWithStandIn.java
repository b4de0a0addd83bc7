package dev.socratic.local;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.api.v1alpha1.status.Phase;
import dev.socratic.local.controlplane.ControlPlanes;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.Resource;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** The real operator on the local cluster, with a program in the trainer's place that does what a run's name says. */
final class ClusterWithStandIn implements AutoCloseable {
    static final long SECONDS = 60;
    static final String NAMESPACE = "default";
    private static final String LAST_WORDS = "done";

    private final Path sample;
    private final RunDirectory directory;
    private final LocalCluster cluster;

    private ClusterWithStandIn(Path sample, RunDirectory directory, LocalCluster cluster) {
        this.sample = sample;
        this.directory = directory;
        this.cluster = cluster;
    }

    /** The calling test is skipped where {@code choice} is not installed. */
    static ClusterWithStandIn start(ControlPlanes.Choice choice, Path folder) throws IOException, URISyntaxException {
        assumeTrue(
                choice == ControlPlanes.Choice.MOCK || ControlPlanes.realIsInstalled(),
                "etcd and kube-apiserver are not on this machine");
        var repository = Path.of(Objects.requireNonNull(ClusterWithStandIn.class.getResource("/repository"))
                .toURI());
        repository.resolve("trainer-image/bin/socratic-trainer").toFile().setExecutable(true);
        Path sample = Files.createDirectories(folder.resolve("sample"));
        Files.writeString(sample.resolve("train.jsonl"), "{}\n");
        RunDirectory directory = RunDirectory.take(folder.resolve("state"));
        var parts = new LocalCluster.Parts(
                choice, TrainerImage.builtIn(repository), Duration.ofMillis(50), LocalMode::operator);
        LocalCluster cluster = LocalCluster.start(directory, parts, line -> {});
        cluster.startOperator();
        return new ClusterWithStandIn(sample, directory, cluster);
    }

    LocalCluster cluster() {
        return cluster;
    }

    KubernetesClient client() {
        return cluster.client();
    }

    Path claims() {
        return directory.claims();
    }

    Resource<SocraticFineTune> apply(String name) throws IOException {
        Path file = Files.writeString(sample.resolve(name + ".yaml"), """
                apiVersion: socratic.dev/v1alpha1
                kind: SocraticFineTune
                metadata: {name: %s}
                spec:
                  model: {uri: pvc://sample/model}
                  dataset: {uri: pvc://sample/train.jsonl}
                  placement: {gpus: 0}
                  output: {uri: pvc://adapters/%s}
                """.formatted(name, name));
        new Submission(cluster, Map.of(), Map.of(), line -> {}).apply(FineTuneFile.read(file));
        return client().resources(SocraticFineTune.class).inNamespace(NAMESPACE).withName(name);
    }

    static SocraticFineTune await(Resource<SocraticFineTune> run, Phase phase) {
        return await(run, found -> found.getStatus().phase() == phase);
    }

    /** Until the status also has what the trainer said last, which may come after the Job's end. */
    static SocraticFineTune awaitLastWords(Resource<SocraticFineTune> run) {
        return await(
                run,
                found -> found.getStatus().phase() == Phase.SUCCEEDED
                        && LAST_WORDS.equals(found.getStatus().message()));
    }

    private static SocraticFineTune await(Resource<SocraticFineTune> run, Predicate<SocraticFineTune> reached) {
        return run.waitUntilCondition(
                found -> found != null && found.getStatus() != null && reached.test(found), SECONDS, TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        cluster.close();
        directory.close();
    }
}
