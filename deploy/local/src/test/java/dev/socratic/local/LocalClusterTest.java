package dev.socratic.local;

import static dev.socratic.local.ClusterWithStandIn.NAMESPACE;
import static dev.socratic.local.ClusterWithStandIn.SECONDS;
import static dev.socratic.local.ClusterWithStandIn.await;
import static dev.socratic.local.ClusterWithStandIn.awaitLastWords;
import static org.assertj.core.api.Assertions.assertThat;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.api.v1alpha1.status.Phase;
import dev.socratic.local.controlplane.ControlPlanes;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
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
    @TempDir
    static Path temporary;

    @Parameter
    ControlPlanes.Choice choice;

    private ClusterWithStandIn local;
    private LocalCluster cluster;
    private KubernetesClient client;

    @BeforeParameterizedClassInvocation
    void start() throws Exception {
        local = ClusterWithStandIn.start(choice, temporary.resolve(choice.name()));
        cluster = local.cluster();
        client = local.client();
    }

    @AfterParameterizedClassInvocation
    void stop() {
        if (local != null) {
            local.close();
        }
    }

    @Test
    void anOperatorThatIsKilledAndStartedAgainLeavesTheRunAloneAndDeletionEndsIt() throws Exception {
        var run = local.apply("holds-on");
        await(run, Phase.RUNNING);
        Pod before = onlyPod("holds-on");
        Path pid = local.claims().resolve("default/adapters/pid");
        client.pods().resource(before).waitUntilCondition(pod -> Files.exists(pid), SECONDS, TimeUnit.SECONDS);
        var trainer =
                ProcessHandle.of(Long.parseLong(Files.readString(pid).strip())).orElseThrow();

        cluster.stopOperator();
        cluster.startOperator();
        // the new operator has seen the first run when it has finished another
        await(local.apply("makes-progress"), Phase.SUCCEEDED);

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
        var run = local.apply("makes-one-adapter");
        SocraticFineTune finished = awaitLastWords(run);
        var job = client.batch()
                .v1()
                .jobs()
                .inNamespace(NAMESPACE)
                .withName(finished.getStatus().jobName());

        job.delete();
        job.waitUntilCondition(Objects::isNull, SECONDS, TimeUnit.SECONDS);
        cluster.stopOperator();
        cluster.startOperator();
        await(local.apply("makes-another-adapter"), Phase.SUCCEEDED);

        assertThat(job.get()).isNull();
        assertThat(run.get().getStatus()).isEqualTo(finished.getStatus());
        assertThat(local.claims().resolve("default/adapters/makes-one-adapter/report.html"))
                .exists();
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
