package dev.socratic.cluster.life;

import static org.assertj.core.api.Assertions.assertThat;

import dev.socratic.api.v1alpha1.status.Phase;
import dev.socratic.api.v1alpha1.status.SocraticFineTuneStatus;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What people and nodes do to a run, in pods of a real cluster. */
@Execution(ExecutionMode.CONCURRENT)
class LifeOfARunTest {
    @RegisterExtension
    static final Installation CLUSTER = new Installation();

    @Test
    void suspendedRunGoesOnFromItsCheckpoint() throws IOException {
        FineTune run = CLUSTER.fineTune("suspended");
        run.apply("{\"training\": {\"maxSteps\": 200}, \"backoffLimit\": 0}");
        run.awaitStep(15);
        String runId = run.status().runId();

        run.edit("{\"suspend\": true}");
        run.await(Phase.SUSPENDED);
        run.awaitNoPod();
        run.await(
                "the trainer's last checkpoint",
                status -> status.checkpoint() != null && status.checkpoint().step() >= 15);

        run.edit("{\"suspend\": false}");
        SocraticFineTuneStatus end = run.await(Phase.SUCCEEDED);
        assertThat(end.runId()).isEqualTo(runId);
        assertThat(run.events()).contains("Suspended", "Resumed", "Succeeded");
        adapter(run.name()).assertEachStepOnce(200);
        run.delete();
    }

    @Test
    void killedTrainerGoesOnFromItsCheckpoint() throws IOException {
        FineTune run = CLUSTER.fineTune("killed");
        run.apply("{\"training\": {\"maxSteps\": 200}, \"backoffLimit\": 1}");
        run.awaitCheckpoint();
        TrainerProcess.kill(run.pod());
        SocraticFineTuneStatus end = run.await(Phase.SUCCEEDED);
        assertThat(end.attempts()).isEqualTo(2);
        assertThat(run.events()).contains("Retrying");
        adapter(run.name()).assertEachStepOnce(200);
        run.delete();
    }

    @Test
    void trainerThatIsKilledTooOftenFails() {
        FineTune run = CLUSTER.fineTune("killed-too-often");
        run.apply("{\"backoffLimit\": 0}");
        run.awaitStep(1);
        TrainerProcess.kill(run.pod());
        SocraticFineTuneStatus end = run.await(Phase.FAILED);
        assertThat(end.message()).contains("killed", "spec.backoffLimit = 0");
        run.delete();
    }

    @Test
    void drainedNodeDoesNotCountAsFailure() throws IOException {
        FineTune run = CLUSTER.fineTune("drained");
        run.apply("{\"training\": {\"maxSteps\": 200}, \"backoffLimit\": 0}");
        run.awaitStep(15);
        Pod pod = run.pod();
        String node = pod.getSpec().getNodeName();
        try {
            CLUSTER.kubectl()
                    .run(
                            "drain",
                            node,
                            "--pod-selector=socratic.dev/finetune=drained",
                            "--delete-emptydir-data",
                            "--timeout=120s");
            SocraticFineTuneStatus end = run.await(Phase.SUCCEEDED);
            assertThat(end.nodeName()).isNotEqualTo(node);
            adapter(run.name()).assertEachStepOnce(200);
        } finally {
            CLUSTER.kubectl().run("uncordon", node);
        }
        run.delete();
    }

    @Test
    void anotherTrainingReplacesTheFirst() {
        FineTune run = CLUSTER.fineTune("edited");
        run.apply("{}");
        SocraticFineTuneStatus first = run.awaitStep(1);
        Pod firstPod = run.pod();

        run.edit("{\"backoffLimit\": 5, \"ttlSecondsAfterFinished\": 100}");
        run.await("the edit", status -> status.observedGeneration() > first.observedGeneration());
        assertThat(run.status().runId()).isEqualTo(first.runId());
        assertThat(run.pod().getMetadata().getUid())
                .isEqualTo(firstPod.getMetadata().getUid());

        run.edit("{\"training\": {\"maxSteps\": 5}}");
        SocraticFineTuneStatus end = run.await(Phase.SUCCEEDED);
        assertThat(end.runId()).isNotEqualTo(first.runId());
        assertThat(run.jobs()).extracting(job -> job.getMetadata().getName()).containsExactly(end.jobName());
        assertThat(run.events()).contains("Superseded");
        run.delete();
    }

    @Test
    void deletedResourceTakesItsPodAlongAndLeavesTheAdapter() {
        FineTune done = CLUSTER.fineTune("deleted");
        done.apply("{\"training\": {\"maxSteps\": 5}}");
        done.await(Phase.SUCCEEDED);
        done.delete();
        done.awaitNoJob();
        assertThat(adapter("deleted").weights()).exists();

        FineTune running = CLUSTER.fineTune("deleted-early");
        running.apply("{}");
        running.awaitStep(1);
        running.delete();
        running.awaitNoPod();
        running.awaitNoJob();
        running.awaitNoCheckpointsClaim();
        assertThat(adapter("deleted-early").weights()).doesNotExist();
    }

    @Test
    void finishedRunStaysFinishedWhenItsTimeToLiveIsOver() {
        FineTune run = CLUSTER.fineTune("short-lived");
        run.apply("{\"training\": {\"maxSteps\": 5}, \"ttlSecondsAfterFinished\": 0}");
        run.await(Phase.SUCCEEDED);
        run.awaitNoJob();
        run.awaitNoPod();
        run.awaitNoCheckpointsClaim();
        run.edit("{\"ttlSecondsAfterFinished\": 2}");
        SocraticFineTuneStatus later = run.await("the edit", status -> status.observedGeneration() == 2);
        assertThat(later.phase()).isEqualTo(Phase.SUCCEEDED);
        assertThat(run.jobs()).isEmpty();
        run.delete();
    }

    @Test
    void deadlineEndsARun() {
        FineTune run = CLUSTER.fineTune("late");
        run.apply("{\"activeDeadlineSeconds\": 8}");
        SocraticFineTuneStatus end = run.awaitReason("DeadlineExceeded");
        assertThat(end.phase()).isEqualTo(Phase.FAILED);
        assertThat(end.message()).contains("spec.activeDeadlineSeconds = 8");
        run.awaitNoPod();
        run.delete();
    }

    private static Adapter adapter(String name) {
        return Adapter.of(CLUSTER.folders(), name);
    }
}
