package dev.socratic.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.api.v1alpha1.status.Phase;
import dev.socratic.local.controlplane.ControlPlanes;
import dev.socratic.local.view.PrinterColumns;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The real operator on the local cluster, with a program in the trainer's place. */
@ParameterizedClass
@EnumSource(
        value = ControlPlanes.Choice.class,
        names = {"MOCK", "REAL"})
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LocalClusterTest {
    private static final long SECONDS = 60;
    private static final String NAMESPACE = "default";

    @TempDir
    static Path temporary;

    @Parameter
    ControlPlanes.Choice choice;

    private Path folder;
    private RunDirectory directory;
    private LocalCluster cluster;
    private KubernetesClient client;

    @BeforeParameterizedClassInvocation
    void start() throws Exception {
        assumeTrue(
                choice == ControlPlanes.Choice.MOCK || ControlPlanes.realIsInstalled(),
                "etcd and kube-apiserver are not on this machine");
        var repository = Path.of(
                Objects.requireNonNull(getClass().getResource("/repository")).toURI());
        repository.resolve("trainer-image/bin/socratic-trainer").toFile().setExecutable(true);
        folder = temporary.resolve(choice.name());
        Files.createDirectories(folder.resolve("sample"));
        Files.writeString(folder.resolve("sample/train.jsonl"), "{}\n");
        directory = RunDirectory.take(folder.resolve("state"));
        var parts = new LocalCluster.Parts(
                choice, TrainerImage.builtIn(repository), Duration.ofMillis(50), LocalMode::operator);
        cluster = LocalCluster.start(directory, parts, line -> {});
        cluster.startOperator();
        client = cluster.client();
    }

    @AfterParameterizedClassInvocation
    void stop() {
        if (cluster != null) {
            cluster.close();
            directory.close();
        }
    }

    @Test
    void anOperatorThatIsKilledAndStartedAgainLeavesTheRunAloneAndDeletionEndsIt() throws Exception {
        var run = apply("holds-on");
        await(run, Phase.RUNNING);
        Pod before = onlyPod("holds-on");
        Path pid = directory.claims().resolve("default/adapters/pid");
        client.pods().resource(before).waitUntilCondition(pod -> Files.exists(pid), SECONDS, TimeUnit.SECONDS);
        var trainer =
                ProcessHandle.of(Long.parseLong(Files.readString(pid).strip())).orElseThrow();

        cluster.stopOperator();
        cluster.startOperator();
        // the new operator has seen the first run when it has finished another
        await(apply("makes-progress"), Phase.SUCCEEDED);

        assertThat(onlyPod("holds-on").getMetadata().getUid())
                .isEqualTo(before.getMetadata().getUid());
        assertThat(run.get().getStatus().phase()).isEqualTo(Phase.RUNNING);
        assertThat(run.get().getStatus().attempts()).isEqualTo(1);
        assertThat(trainer.isAlive()).isTrue();

        run.delete();

        trainer.onExit().orTimeout(SECONDS, TimeUnit.SECONDS).join();
        client.pods().resource(before).waitUntilCondition(Objects::isNull, SECONDS, TimeUnit.SECONDS);
        client.persistentVolumeClaims()
                .inNamespace(NAMESPACE)
                .withName(before.getMetadata().getLabels().get("job-name") + "-checkpoints")
                .waitUntilCondition(Objects::isNull, SECONDS, TimeUnit.SECONDS);
        assertThat(pid).exists();
    }

    @Test
    void deletingTheJobOfAFinishedRunDoesNotTrainAgain() throws Exception {
        var run = apply("makes-one-adapter");
        SocraticFineTune finished = await(run, Phase.SUCCEEDED);
        var job = client.batch()
                .v1()
                .jobs()
                .inNamespace(NAMESPACE)
                .withName(finished.getStatus().jobName());

        job.delete();
        job.waitUntilCondition(Objects::isNull, SECONDS, TimeUnit.SECONDS);
        cluster.stopOperator();
        cluster.startOperator();
        await(apply("makes-another-adapter"), Phase.SUCCEEDED);

        assertThat(job.get()).isNull();
        assertThat(run.get().getStatus()).isEqualTo(finished.getStatus());
        assertThat(directory.claims().resolve("default/adapters/makes-one-adapter/report.html"))
                .exists();
    }

    @Test
    void viewShowsTheServersOwnTable() throws Exception {
        assumeTrue(choice == ControlPlanes.Choice.REAL, "the mock server makes no tables");
        var run = apply("makes-a-row");
        await(run, Phase.SUCCEEDED);
        JsonNode table = table("makes-a-row");
        var columns = PrinterColumns.of(cluster.definition());

        List<String> names = new ArrayList<>();
        List<String> cells = new ArrayList<>();
        for (int i = 0; i < table.path("columnDefinitions").size(); i++) {
            names.add(table.at("/columnDefinitions/" + i + "/name").asText().toUpperCase());
            cells.add(table.at("/rows/0/cells/" + i).asText(""));
        }

        assertThat(columns.header()).isEqualTo(names);
        List<String> row = columns.row(run.get(), Instant.now());
        assertThat(row.subList(0, row.size() - 1)).isEqualTo(cells.subList(0, cells.size() - 1));
    }

    private JsonNode table(String name) throws Exception {
        var request = client.getHttpClient()
                .newHttpRequestBuilder()
                .uri(client.getMasterUrl() + "apis/socratic.dev/v1alpha1/namespaces/default/socraticfinetunes/" + name)
                .header("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io")
                .build();
        var answer = client.getHttpClient().sendAsync(request, byte[].class).get(SECONDS, TimeUnit.SECONDS);
        return Serialization.unmarshal(new String(answer.body(), StandardCharsets.UTF_8), JsonNode.class);
    }

    private Resource<SocraticFineTune> apply(String name) throws Exception {
        Path file = Files.writeString(folder.resolve("sample/" + name + ".yaml"), """
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
        return client.resources(SocraticFineTune.class).inNamespace(NAMESPACE).withName(name);
    }

    private static SocraticFineTune await(Resource<SocraticFineTune> run, Phase phase) {
        Predicate<SocraticFineTune> reached = found ->
                found != null && found.getStatus() != null && found.getStatus().phase() == phase;
        return run.waitUntilCondition(reached, SECONDS, TimeUnit.SECONDS);
    }

    private Pod onlyPod(String name) {
        List<Pod> pods = client.pods()
                .inNamespace(NAMESPACE)
                .withLabel("socratic.dev/finetune", name)
                .list()
                .getItems();
        assertThat(pods).hasSize(1);
        return pods.get(0);
    }
}
