package dev.socratic.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.api.v1alpha1.status.SocraticFineTuneStatus;
import dev.socratic.operator.settings.OperatorSettings;
import dev.socratic.operator.settings.Setting;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceQuotaBuilder;
import io.fabric8.kubernetes.api.model.ResourceQuotaStatus;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What only a real API server refuses or tells, on the resource and cleared when it is mended. */
class ObstaclesTest {
    private ClusterUnderTest cluster;
    private KubernetesClient client;
    private SocraticOperator operator;
    private Resource<SocraticFineTune> resource;

    @BeforeEach
    void start() {
        cluster = ClusterUnderTest.start(ClusterUnderTest.Kind.REAL_API_SERVER);
        client = cluster.client();
        operator = new SocraticOperator(client, OperatorSettings.with(Map.of(Setting.PENDING_CHECK_INTERVAL, "200ms")));
        operator.start();
        resource = client.resource(Resources.onTheCpu());
    }

    @AfterEach
    void stop() {
        if (operator != null) {
            operator.close();
            cluster.close();
        }
    }

    @Test
    void quotaRefusesTheJobUntilItIsRaised() {
        var quota = client.resource(new ResourceQuotaBuilder()
                .withNewMetadata()
                .withName("no-jobs")
                .withNamespace("default")
                .endMetadata()
                .withNewSpec()
                .withHard(Map.of("count/jobs.batch", new Quantity("0")))
                .endSpec()
                .build());
        quota.create();
        quota.editStatus(there -> {
            there.setStatus(
                    new ResourceQuotaStatus(there.getSpec().getHard(), Map.of("count/jobs.batch", new Quantity("0"))));
            return there;
        });
        untilJobsAreRefused();
        resource.create();
        SocraticFineTuneStatus refused = await("CreationRefused");
        assertThat(refused.message()).contains("Job default/socratic-ja-", "no-jobs");
        assertThat(refused.jobName()).isNull();
        quota.delete();
        assertThat(await("Starting").jobName()).isNotNull();
    }

    @Test
    void whatNoJobCanBeIsToldUntilTheSpecIsCorrected() {
        String yaml = Serialization.asYaml(Resources.onTheCpu());
        client.resource(Serialization.unmarshal(
                        yaml.replace("    gpus: 0", "    gpus: 0\n    nodeSelector: {zone: a zone}"),
                        SocraticFineTune.class))
                .create();
        assertThat(await("CreationRefused").message())
                .contains("nodeSelector", "a zone", "Correct the spec; the run then starts by itself.");
        resource.patch(
                PatchContext.of(PatchType.JSON_MERGE),
                "{\"spec\": {\"placement\": {\"nodeSelector\": {\"zone\": \"a-zone\"}}}}");
        await("Starting");
    }

    @Test
    void aSpecThatNoPodCanCarryIsToldByItsLongestField() {
        String prompts = Serialization.asJson(Collections.nCopies(12, "問".repeat(8000)));
        SocraticFineTune long288kB = Serialization.unmarshal(
                Serialization.asYaml(Resources.onTheCpu())
                        .replace("spec:", "spec:\n  evaluation: {maxNewTokens: 64, prompts: " + prompts + "}"),
                SocraticFineTune.class);
        client.resource(long288kB).create();
        assertThat(await("SpecTooLong").message()).contains("spec.evaluation.prompts is 288037 bytes long", "245760");
        resource.patch(PatchContext.of(PatchType.JSON_MERGE), "{\"spec\": {\"evaluation\": null}}");
        await("Starting");
    }

    @Test
    void whyAJobMakesNoPodIsReadFromItsEvents() {
        resource.create();
        String name = await("Starting").jobName();
        Job job = client.resources(Job.class)
                .inNamespace("default")
                .withName(name)
                .editStatus(there -> {
                    there.getStatus().setStartTime("2026-01-01T00:00:00Z");
                    return there;
                });
        warn("another", "FailedCreate", "exceeded quota of another", Instant.now());
        warn(job.getMetadata().getUid(), "FailedCreate", "exceeded quota", Instant.now());
        warn(
                job.getMetadata().getUid(),
                "FailedScheduling",
                "no node",
                Instant.now().plusSeconds(5));
        assertThat(await("FailedCreate").message()).contains("exceeded quota.");
        new JobController(client).createPod(job, "trainer-1");
        assertThat(await("PersistentVolumeClaimNotFound").message()).contains("spec.model.uri", "default/models");
    }

    private void warn(String uid, String reason, String message, Instant at) {
        client.resource(new EventBuilder()
                        .withNewMetadata()
                        .withName(reason.toLowerCase(Locale.ROOT) + "-" + uid)
                        .withNamespace("default")
                        .endMetadata()
                        .withNewInvolvedObject()
                        .withNamespace("default")
                        .withUid(uid)
                        .endInvolvedObject()
                        .withType("Warning")
                        .withReason(reason)
                        .withMessage(message)
                        .withLastTimestamp(at.toString())
                        .build())
                .create();
    }

    /** The API server's admission learns of a new quota by a watch of its own. */
    private void untilJobsAreRefused() {
        Job job = new JobBuilder()
                .withNewMetadata()
                .withName("refused")
                .withNamespace("default")
                .endMetadata()
                .withNewSpec()
                .withNewTemplate()
                .withNewSpec()
                .withRestartPolicy("Never")
                .addNewContainer()
                .withName("any")
                .withImage("any")
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec()
                .build();
        assertTimeoutPreemptively(Duration.ofSeconds(30), () -> {
            while (true) {
                try {
                    client.resource(job).dryRun().create();
                } catch (KubernetesClientException refused) {
                    return;
                }
            }
        });
    }

    private SocraticFineTuneStatus await(String reason) {
        return resource.waitUntilCondition(
                        there -> there != null
                                && there.getStatus() != null
                                && there.getStatus().conditions().stream()
                                        .anyMatch(condition -> reason.equals(condition.getReason())),
                        30,
                        TimeUnit.SECONDS)
                .getStatus();
    }
}
