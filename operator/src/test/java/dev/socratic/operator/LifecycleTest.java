package dev.socratic.operator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.api.v1alpha1.status.Phase;
import dev.socratic.api.v1alpha1.status.SocraticFineTuneStatus;
import dev.socratic.operator.measure.FineTuneCounts;
import dev.socratic.operator.settings.OperatorSettings;
import dev.socratic.operator.settings.Setting;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LifecycleTest {
    @ParameterizedTest(name = "on {0}, a run succeeds through a restart of the operator and never trains again")
    @EnumSource(ClusterUnderTest.Kind.class)
    void wholeLife(ClusterUnderTest.Kind kind) throws Exception {
        try (ClusterUnderTest cluster = ClusterUnderTest.start(kind);
                FakeTrainer trainer = new FakeTrainer()) {
            KubernetesClient client = cluster.client();
            JobController jobController = new JobController(client);
            OperatorSettings settings = OperatorSettings.with(Map.of(
                    Setting.PROGRESS_PORT, String.valueOf(trainer.port()),
                    Setting.PROGRESS_POLL_INTERVAL, "50ms",
                    Setting.PROGRESS_WRITE_INTERVAL, "0s"));
            Resource<SocraticFineTune> resource = client.resource(Resources.onTheCpu());
            List<String> history = new CopyOnWriteArrayList<>();
            resource.create();
            Watch watch = resource.watch(new History(history));

            Job job;
            Pod pod;
            try (SocraticOperator operator = new SocraticOperator(client, settings)) {
                operator.start();
                await(resource, status -> status.jobName() != null);
                job = job(client, resource.get());
                assertThat(client.resources(PersistentVolumeClaim.class)
                                .inNamespace("default")
                                .withName(job.getMetadata().getName() + "-checkpoints")
                                .get())
                        .isNotNull();
                pod = jobController.createPod(job, "trainer-1");
                jobController.run(pod);
                await(resource, status -> status.phase() == Phase.RUNNING);
                trainer.isAtStep(1);
                await(
                        resource,
                        status -> status.progress() != null && status.progress().step() == 1);
                assertThat(operator.healthy()).isTrue();
            }

            PrometheusMeterRegistry metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
            try (SocraticOperator operator = new SocraticOperator(client, settings, metrics, lost -> {})) {
                metrics.getPrometheusRegistry().register(new FineTuneCounts(operator::resources));
                operator.start();
                trainer.isAtStep(2);
                await(
                        resource,
                        status -> status.progress() != null && status.progress().step() == 2);
                jobController.terminate(pod, 0, FakeTrainer.lastWords());
                jobController.complete(job);
                SocraticFineTuneStatus status = await(resource, done -> done.phase() == Phase.SUCCEEDED);
                assertThat(status.message()).isEqualTo("questions: 0 of 20 before, 19 of 20 after");
                assertThat(status.adapter().sha256()).isEqualTo("0f");
                assertThat(status.completionTime()).isEqualTo("2026-01-01T00:05:00Z");
                assertThat(status.attempts()).isEqualTo(1);
                assertThat(status.parameters().trainable()).isEqualTo(6389760);

                client.resource(job).delete();
                client.resource(pod).withGracePeriod(0).delete();
                long generation = changeTimeToLive(resource);
                await(resource, done -> done.observedGeneration() == generation);
                assertThat(metrics.scrape())
                        .contains(
                                "socratic_finetunes{namespace=\"default\",phase=\"Succeeded\"} 1.0",
                                "socratic_run_events_total{namespace=\"default\",reason=\"Checkpointed\"} 1.0",
                                "controller_runtime_reconcile_total{controller=\"socraticfinetune\",result=\"error\"} 0.0")
                        .containsPattern("socratic_run_duration_seconds_count\\{.*outcome=\"Succeeded\"} 1\\n");
                assertThat(client.resources(Job.class)
                                .inNamespace("default")
                                .list()
                                .getItems())
                        .isEmpty();
            } finally {
                watch.close();
            }
            assertThat(history)
                    .containsExactly(
                            "PENDING -", "RUNNING -", "RUNNING 1/3", "RUNNING 2/3", "SUCCEEDED 3/3", "SUCCEEDED 3/3");
            assertThat(client.resources(Event.class)
                            .inNamespace("default")
                            .list()
                            .getItems())
                    .extracting(Event::getReason)
                    .containsExactlyInAnyOrder("Started", "Checkpointed", "Succeeded");
        }
    }

    @Test
    void leaderStopsWithoutTakingItsProcessAlong() {
        try (ClusterUnderTest cluster = ClusterUnderTest.start(ClusterUnderTest.Kind.REAL_API_SERVER)) {
            OperatorSettings settings = OperatorSettings.with(
                    Map.of(Setting.LEADER_ELECTION_LEASE, "leader", Setting.LEADER_ELECTION_NAMESPACE, "default"));
            Resource<SocraticFineTune> resource = cluster.client().resource(Resources.onTheCpu());
            resource.create();
            AtomicBoolean leaderLost = new AtomicBoolean();
            SocraticOperator operator = new SocraticOperator(
                    cluster.client(), settings, new SimpleMeterRegistry(), lost -> leaderLost.set(true));
            operator.start();
            await(resource, status -> status.jobName() != null);
            operator.close();
            assertThat(leaderLost).as("it stopped by itself").isFalse();
        }
    }

    private static Job job(KubernetesClient client, SocraticFineTune resource) {
        return client.resources(Job.class)
                .inNamespace("default")
                .withName(resource.getStatus().jobName())
                .get();
    }

    private static long changeTimeToLive(Resource<SocraticFineTune> resource) {
        return resource.edit(finished -> {
                    String yaml = Serialization.asYaml(finished)
                            .replace("ttlSecondsAfterFinished: 86400", "ttlSecondsAfterFinished: 90000");
                    return Serialization.unmarshal(yaml, SocraticFineTune.class);
                })
                .getMetadata()
                .getGeneration();
    }

    private static SocraticFineTuneStatus await(
            Resource<SocraticFineTune> resource, Predicate<SocraticFineTuneStatus> wanted) {
        return resource.waitUntilCondition(
                        there -> there != null && there.getStatus() != null && wanted.test(there.getStatus()),
                        20,
                        TimeUnit.SECONDS)
                .getStatus();
    }

    /** Every status that was written, in order. */
    private record History(List<String> statuses) implements Watcher<SocraticFineTune> {
        @Override
        public void eventReceived(Action action, SocraticFineTune resource) {
            SocraticFineTuneStatus status = resource.getStatus();
            boolean specOnly = status != null
                    && !status.observedGeneration()
                            .equals(resource.getMetadata().getGeneration());
            if (status != null && !specOnly) {
                statuses.add(status.phase() + " "
                        + (status.progress() == null
                                ? "-"
                                : status.progress().display().step()));
            }
        }

        @Override
        public void onClose(WatcherException cause) {
            // the test ends
        }
    }
}
