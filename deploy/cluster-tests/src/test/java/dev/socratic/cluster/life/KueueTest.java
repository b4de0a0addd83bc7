package dev.socratic.cluster.life;

import static org.assertj.core.api.Assertions.assertThat;

import dev.socratic.api.v1alpha1.status.Phase;
import dev.socratic.api.v1alpha1.status.SocraticFineTuneStatus;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** Runs in the queues of Kueue's own controller. */
@Isolated("Kueue's webhooks see the Jobs of all tests")
class KueueTest {
    @RegisterExtension
    static final Installation CLUSTER = new Installation();

    private static final String QUEUE = "kueue.x-k8s.io/queue-name";
    private static Kueue kueue;

    @BeforeAll
    static void install(@TempDir Path folder) {
        kueue = Kueue.install(CLUSTER, folder);
    }

    @AfterAll
    static void uninstall() {
        if (kueue != null) {
            kueue.close();
        }
    }

    @Test
    void oneRunsAtATimeAndAnUrgentOneTakesItsPlace() throws IOException {
        FineTune first = CLUSTER.fineTune("first");
        first.apply("{\"training\": {\"maxSteps\": 300}, \"backoffLimit\": 0}", Map.of(QUEUE, Kueue.ONE_AT_A_TIME));
        first.await(Phase.RUNNING);
        PodSpec pod = first.pod().getSpec();
        assertThat(pod.getNodeSelector()).containsAllEntriesOf(Kueue.NODES);
        assertThat(pod.getTolerations()).extracting(Toleration::getKey).contains(Kueue.TAINT);

        FineTune second = CLUSTER.fineTune("second");
        second.apply("{\"training\": {\"maxSteps\": 5}}", Map.of(QUEUE, Kueue.ONE_AT_A_TIME));
        second.await(
                "Kueue's words",
                status -> status.phase() == Phase.QUEUED && status.message().contains("insufficient unused quota"));
        assertThat(second.jobs()).extracting(job -> job.getSpec().getSuspend()).containsExactly(true);
        String queued = onlyJob(second).getMetadata().getUid();
        second.edit("{\"suspend\": true}");
        second.await(Phase.SUSPENDED);
        second.awaitNoJob();
        second.edit("{\"suspend\": false}");
        second.await(Phase.QUEUED);
        assertThat(onlyJob(second).getMetadata().getUid()).isNotEqualTo(queued);

        first.awaitCheckpoint();
        Job before = onlyJob(first);
        FineTune urgent = CLUSTER.fineTune("urgent");
        urgent.apply(
                "{\"training\": {\"maxSteps\": 5}}",
                Map.of(QUEUE, Kueue.ONE_AT_A_TIME, "kueue.x-k8s.io/priority-class", Kueue.URGENT));
        first.await(
                "Kueue's words on the preemption",
                status -> status.phase() == Phase.QUEUED && status.message().contains("Kueue says"));
        urgent.await(Phase.SUCCEEDED);

        SocraticFineTuneStatus end = first.await(Phase.SUCCEEDED);
        assertThat(end.attempts()).isEqualTo(2);
        assertThat(onlyJob(first).getMetadata().getUid())
                .isEqualTo(before.getMetadata().getUid());
        assertThat(first.events()).contains("Queued", "Preempted", "Succeeded");
        Adapter.of(CLUSTER.folders(), "first").assertEachStepOnce(300);
        second.await(Phase.SUCCEEDED);
        List.of(first, second, urgent).forEach(FineTune::delete);
    }

    @Test
    void queueThatIsNotThereIsNamedAndAnotherOneTaken() {
        FineTune run = CLUSTER.fineTune("nowhere-to-wait");
        run.apply("{\"training\": {\"maxSteps\": 5}}", Map.of(QUEUE, "nowhere"));
        SocraticFineTuneStatus blocked = run.awaitReason("Inadmissible");
        assertThat(blocked.phase()).isEqualTo(Phase.QUEUED);
        assertThat(blocked.message()).contains("LocalQueue nowhere doesn't exist");
        run.label(QUEUE, Kueue.ONE_AT_A_TIME);
        run.await(Phase.SUCCEEDED);
        run.delete();
    }

    @Test
    void quotaThatCanNeverFitIsNamedAndRaised() {
        FineTune run = CLUSTER.fineTune("too-big");
        run.apply("{\"training\": {\"maxSteps\": 5}}", Map.of(QUEUE, Kueue.TOO_SMALL));
        run.await(
                "Kueue's words",
                status -> status.phase() == Phase.QUEUED && status.message().contains("maximum capacity (50m)"));
        kueue.widen();
        run.await(Phase.SUCCEEDED);
        run.delete();
    }

    private static Job onlyJob(FineTune run) {
        assertThat(run.jobs()).hasSize(1);
        return run.jobs().get(0);
    }
}
