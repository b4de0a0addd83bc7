package dev.socratic.operator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.api.v1alpha1.status.Phase;
import dev.socratic.api.v1alpha1.status.SocraticFineTuneStatus;
import dev.socratic.operator.run.RunLabels;
import dev.socratic.operator.settings.OperatorSettings;
import dev.socratic.operator.settings.Setting;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What Kueue does to a Job in one of its queues, on a real API server, which lets only some of it be changed. */
class KueueTest {
    private static final Map<String, String> FLAVOR = Map.of("cloud.example/pool", "a100");

    @Test
    void kueueAdmitsAndPreemptsAndPeopleSuspend() {
        try (ClusterUnderTest cluster = ClusterUnderTest.start(ClusterUnderTest.Kind.REAL_API_SERVER);
                SocraticOperator operator = new SocraticOperator(
                        cluster.client(), OperatorSettings.with(Map.of(Setting.PENDING_CHECK_INTERVAL, "200ms")))) {
            KubernetesClient client = cluster.client();
            JobController jobController = new JobController(client);
            operator.start();
            SocraticFineTune queued = Resources.onTheCpu();
            queued.getMetadata().setLabels(Map.of(RunLabels.KUEUE_QUEUE, "gpus", RunLabels.KUEUE_PRIORITY, "low"));
            Resource<SocraticFineTune> resource = client.resource(queued);
            resource.create();

            SocraticFineTuneStatus waiting = await(resource, Phase.QUEUED);
            assertThat(waiting.message()).contains("gpus");
            Job job = job(client, waiting);
            assertThat(job.getSpec().getSuspend()).isTrue();
            assertThat(job.getMetadata().getLabels())
                    .containsEntry("kueue.x-k8s.io/queue-name", "gpus")
                    .containsEntry("kueue.x-k8s.io/priority-class", "low");

            resource.waitUntilCondition(
                    there -> there.getStatus().message().contains("the cluster has no Kueue"), 30, TimeUnit.SECONDS);

            admit(client, job);
            await(resource, Phase.PENDING);
            Pod pod = jobController.createPod(job, "trainer-1");
            jobController.run(pod);
            await(resource, Phase.RUNNING);

            Job preempted = preempt(client, job);
            client.resource(pod).withGracePeriod(0).delete();
            await(resource, Phase.QUEUED);
            assertThat(job(client, waiting).getMetadata().getGeneration())
                    .as("nobody but Kueue changes its Job")
                    .isEqualTo(preempted.getMetadata().getGeneration());

            admit(client, job);
            await(resource, Phase.PENDING);
            pod = jobController.createPod(job, "trainer-2");
            jobController.run(pod);
            await(resource, Phase.RUNNING);
            Job running = job(client, waiting);
            assertThat(running.getSpec().getTemplate().getSpec().getNodeSelector())
                    .isEqualTo(FLAVOR);
            assertThat(running.getMetadata().getUid())
                    .as("it is the same Job all the time")
                    .isEqualTo(job.getMetadata().getUid());

            suspend(resource, "true");
            await(resource, Phase.SUSPENDED);
            suspend(resource, "false");
            await(resource, Phase.PENDING);
            assertThat(job(client, waiting).getMetadata().getUid())
                    .as("no other Job as long as something of the old one is there")
                    .isEqualTo(running.getMetadata().getUid());
            client.resource(pod).withGracePeriod(0).delete();
            jobController.collect(running);
            Job next = job(client, await(resource, Phase.QUEUED));
            assertThat(next.getMetadata().getUid())
                    .isNotEqualTo(running.getMetadata().getUid());
            assertThat(next.getSpec().getSuspend())
                    .as("it waits for its turn again")
                    .isTrue();
            assertThat(client.resources(Event.class)
                            .inNamespace("default")
                            .list()
                            .getItems())
                    .extracting(Event::getReason)
                    .contains("Queued", "Admitted", "Started", "Preempted", "Suspended", "Resumed");
        }
    }

    /** Kueue lets a Job go to the nodes of the flavor that it was given. */
    private static void admit(KubernetesClient client, Job job) {
        named(client, job)
                .edit(there -> new JobBuilder(there)
                        .editSpec()
                        .withSuspend(false)
                        .editTemplate()
                        .editSpec()
                        .withNodeSelector(FLAVOR)
                        .addNewToleration()
                        .withKey("cloud.example/pool")
                        .withOperator("Exists")
                        .endToleration()
                        .endSpec()
                        .endTemplate()
                        .endSpec()
                        .build());
    }

    /** Kueue takes the place back, and with it what it had set. */
    private static Job preempt(KubernetesClient client, Job job) {
        named(client, job)
                .edit(there -> new JobBuilder(there)
                        .editSpec()
                        .withSuspend(true)
                        .endSpec()
                        .build());
        return named(client, job)
                .edit(there -> new JobBuilder(there)
                        .editSpec()
                        .editTemplate()
                        .editSpec()
                        .withNodeSelector(job.getSpec().getTemplate().getSpec().getNodeSelector())
                        .withTolerations(job.getSpec().getTemplate().getSpec().getTolerations())
                        .endSpec()
                        .endTemplate()
                        .endSpec()
                        .build());
    }

    private static Resource<Job> named(KubernetesClient client, Job job) {
        return client.resources(Job.class)
                .inNamespace("default")
                .withName(job.getMetadata().getName());
    }

    private static Job job(KubernetesClient client, SocraticFineTuneStatus status) {
        return client.resources(Job.class)
                .inNamespace("default")
                .withName(status.jobName())
                .get();
    }

    private static void suspend(Resource<SocraticFineTune> resource, String value) {
        resource.patch(PatchContext.of(PatchType.JSON_MERGE), "{\"spec\":{\"suspend\":" + value + "}}");
    }

    private static SocraticFineTuneStatus await(Resource<SocraticFineTune> resource, Phase phase) {
        return resource.waitUntilCondition(
                        there -> there.getStatus() != null
                                && there.getStatus().runId() != null
                                && there.getStatus().phase() == phase,
                        30,
                        TimeUnit.SECONDS)
                .getStatus();
    }
}
