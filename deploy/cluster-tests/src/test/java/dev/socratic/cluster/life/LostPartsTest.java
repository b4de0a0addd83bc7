package dev.socratic.cluster.life;

import static org.assertj.core.api.Assertions.assertThat;

import dev.socratic.api.v1alpha1.status.Phase;
import dev.socratic.api.v1alpha1.status.SocraticFineTuneStatus;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.readiness.Readiness;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Isolated;

/** Parts of the cluster fail in the middle of a run. */
@Isolated("these parts serve all tests")
class LostPartsTest {
    @RegisterExtension
    static final Installation CLUSTER = new Installation();

    /** The kubelet is gone, its containers are not: the trainer that nobody hears of has to make room by itself. */
    @Test
    void runGoesOnElsewhereWhenItsNodeIsLost() throws IOException {
        ClusterParts parts = CLUSTER.parts();
        FineTune run = CLUSTER.fineTune("node-lost");
        run.apply("""
                {"backoffLimit": 0, "placement": {"gpus": 0, "tolerations": [
                  {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute",
                   "tolerationSeconds": 1}]}}""");
        run.awaitCheckpoint();
        Pod lost = run.pod();
        String node = lost.getSpec().getNodeName();
        ProcessHandle trainer = TrainerProcess.of(lost);
        ClusterParts.Killed kubelet = parts.kill(node.replace("real-", "kubelet"));
        try {
            SocraticFineTuneStatus moved = run.await(
                    "another node",
                    status -> status.phase() == Phase.RUNNING
                            && status.nodeName() != null
                            && !status.nodeName().equals(node)
                            && status.progress() != null);
            trainer.onExit().orTimeout(60, TimeUnit.SECONDS).join();
            // of the newest step that is told of, the line may yet be on its way to the file
            int written = run.awaitStep(moved.progress().step() + 2).progress().step() - 1;
            assertThat(Adapter.of(CLUSTER.folders(), run.name()).steps().subList(0, written))
                    .isEqualTo(IntStream.rangeClosed(1, written).boxed().toList());
        } finally {
            kubelet.start();
        }
        run.delete();
        CLUSTER.client().nodes().withName(node).waitUntilCondition(LostPartsTest::ready, 60, TimeUnit.SECONDS);
    }

    @Test
    void noRunIsLostOrDoubledWhenEtcdHangsAndTheApiServerIsKilled() {
        ClusterParts parts = CLUSTER.parts();
        FineTune under = CLUSTER.fineTune("under-way");
        under.apply("{}");
        SocraticFineTuneStatus before = under.awaitStep(1);
        String pod = under.pod().getMetadata().getUid();
        RunningTrainer trainer = RunningTrainer.of(under.pod());
        FineTune fresh = CLUSTER.fineTune("just-created");
        fresh.apply("{\"training\": {\"maxSteps\": 5}}");

        parts.pause("etcd");
        try {
            trainer.awaitSteps(600);
        } finally {
            parts.resume("etcd");
        }
        ClusterParts.Killed apiServer = parts.kill("apiserver");
        try {
            trainer.awaitSteps(100);
        } finally {
            apiServer.start();
        }
        CLUSTER.awaitApiServer();

        SocraticFineTuneStatus after = under.awaitStep(trainer.step());
        assertThat(after.runId()).isEqualTo(before.runId());
        assertThat(after.attempts()).isEqualTo(1);
        assertThat(under.jobs()).hasSize(1);
        assertThat(under.pod().getMetadata().getUid()).isEqualTo(pod);
        // the Job controller may repeat the creation of a pod whose answer was lost, and take one of the two away
        fresh.await(Phase.SUCCEEDED);
        assertThat(fresh.jobs()).hasSize(1);
        assertThat(fresh.events()).containsOnlyOnce("Succeeded");
        under.delete();
        fresh.delete();
    }

    private static boolean ready(Node node) {
        return node != null && Readiness.isNodeReady(node);
    }
}
