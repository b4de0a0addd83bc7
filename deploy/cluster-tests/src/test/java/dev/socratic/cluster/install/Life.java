package dev.socratic.cluster.install;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.api.v1alpha1.status.Phase;
import dev.socratic.api.v1alpha1.status.SocraticFineTuneStatus;
import dev.socratic.operator.FakeTrainer;
import dev.socratic.operator.JobController;
import dev.socratic.operator.run.RunLabels;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** Takes a resource through everything that makes an operator call the API server. */
final class Life {
    private static final long PATIENCE_SECONDS = 60;
    private static final String RESOURCE = """
            apiVersion: socratic.dev/v1alpha1
            kind: SocraticFineTune
            metadata: {name: socratic-ja, namespace: %s}
            spec:
              model: {uri: "pvc://models/gemma"}
              lora: {r: 16, alpha: 32, targetModules: [q_proj]}
              dataset: {uri: "configmap://dialogues/train.jsonl"}
              placement: {gpus: 0}
              output: {uri: "pvc://adapters/socratic-ja"}
              ttlSecondsAfterFinished: 60
            """;

    private final KubernetesClient client;
    private final FakeTrainer trainer;
    private final JobController jobs;
    private final String namespace;
    private final Resource<SocraticFineTune> resource;

    Life(KubernetesClient client, FakeTrainer trainer, String namespace) {
        this.client = client;
        this.trainer = trainer;
        this.jobs = new JobController(client);
        this.namespace = namespace;
        this.resource = client.resource(Serialization.unmarshal(RESOURCE.formatted(namespace), SocraticFineTune.class));
    }

    void liveThroughEverything() {
        waitForKueue();
        stall();
        mendAndLiveOn();
    }

    /** A resource that names a queue in a cluster without Kueue. */
    private void waitForKueue() {
        SocraticFineTune queued = Serialization.unmarshal(RESOURCE.formatted(namespace), SocraticFineTune.class);
        queued.getMetadata().setName("in-a-queue");
        queued.getMetadata().setLabels(Map.of(RunLabels.KUEUE_QUEUE, "gpus"));
        Resource<SocraticFineTune> there = client.resource(queued);
        there.create();
        await(there, status -> hasReason(status, "KueueNotFound"));
        there.delete();
    }

    /** A resource that waits for somebody: a quota does not let its Job create a pod. */
    void stall() {
        resource.create();
        failToCreateAPod();
        awaitReason("FailedCreate");
    }

    void mendAndLiveOn() {
        Pod first = createPod("trainer-1");
        awaitReason("PersistentVolumeClaimNotFound");
        createBoundClaim("models");
        createBoundClaim("adapters");
        awaitReason("ConfigMapNotFound");
        client.resource(new ConfigMapBuilder()
                        .withNewMetadata()
                        .withName("dialogues")
                        .withNamespace(namespace)
                        .endMetadata()
                        .addToData("train.jsonl", "{\"text\": \"なぜ?\"}\n")
                        .build())
                .create();
        run(first);

        changeSpec("{\"suspend\":true}");
        awaitJob(job -> Boolean.TRUE.equals(job.getSpec().getSuspend()));
        remove(first);
        await(status -> status.phase() == Phase.SUSPENDED);
        changeSpec("{\"suspend\":false}");
        awaitJob(job -> Boolean.FALSE.equals(job.getSpec().getSuspend()));
        Pod second = startTrainer("trainer-2");

        second = replaceOnLostNode(second);

        String oldRun = resource.get().getStatus().jobName();
        changeSpec("{\"lora\":{\"r\":8}}");
        remove(second);
        jobs.collect(jobNamed(oldRun).get());
        await(status -> !oldRun.equals(status.jobName()));
        Pod third = startTrainer("trainer-3");

        Job last = job();
        jobs.terminate(third, 0, FakeTrainer.lastWords());
        jobs.complete(last);
        await(status -> status.phase() == Phase.SUCCEEDED);
        jobs.collect(last);
        resource.delete();
    }

    /** Returns when the leader has renewed its lease. */
    void awaitRenewal(String leaseNamespace, String name) {
        Resource<Lease> lease =
                client.resources(Lease.class).inNamespace(leaseNamespace).withName(name);
        ZonedDateTime now = lease.get().getSpec().getRenewTime();
        lease.waitUntilCondition(
                renewed -> renewed.getSpec().getRenewTime().isAfter(now), PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    /** What the Job controller does where a quota is used up. */
    private void failToCreateAPod() {
        awaitJob(job -> true);
        String now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
        Job job = job();
        jobNamed(job.getMetadata().getName())
                .editStatus(there -> new JobBuilder(there)
                        .editOrNewStatus()
                        .withStartTime(now)
                        .endStatus()
                        .build());
        client.resource(new EventBuilder()
                        .withNewMetadata()
                        .withName("failed-create")
                        .withNamespace(namespace)
                        .endMetadata()
                        .withNewInvolvedObject()
                        .withApiVersion("batch/v1")
                        .withKind("Job")
                        .withNamespace(namespace)
                        .withName(job.getMetadata().getName())
                        .withUid(job.getMetadata().getUid())
                        .endInvolvedObject()
                        .withType("Warning")
                        .withReason("FailedCreate")
                        .withMessage("exceeded quota")
                        .withLastTimestamp(now)
                        .build())
                .create();
    }

    /** What the node controller does with the pod of a node that it does not hear of. */
    private Pod replaceOnLostNode(Pod lost) {
        client.pods()
                .resource(lost)
                .patch(PatchContext.of(PatchType.JSON_MERGE), "{\"metadata\":{\"finalizers\":[\"test/held\"]}}");
        jobs.silence(lost);
        client.resource(lost).delete();
        Resource<Pod> there = client.resource(lost);
        there.waitUntilCondition(
                pod -> "Failed".equals(pod.getStatus().getPhase())
                        && pod.getMetadata().getDeletionGracePeriodSeconds() == 0,
                PATIENCE_SECONDS,
                TimeUnit.SECONDS);
        there.patch(PatchContext.of(PatchType.JSON_MERGE), "{\"metadata\":{\"finalizers\":null}}");
        return startTrainer("trainer-2b");
    }

    private Pod startTrainer(String name) {
        Pod pod = createPod(name);
        run(pod);
        return pod;
    }

    private Pod createPod(String name) {
        awaitJob(job -> true);
        return jobs.createPod(job(), name);
    }

    private void run(Pod pod) {
        trainer.isAtStep(1);
        jobs.run(pod);
        await(status -> status.phase() == Phase.RUNNING);
    }

    private void remove(Pod pod) {
        client.resource(pod).withGracePeriod(0).delete();
    }

    private void createBoundClaim(String name) {
        client.resource(new PersistentVolumeClaimBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .withNamespace(namespace)
                        .endMetadata()
                        .withNewSpec()
                        .withAccessModes("ReadWriteOnce")
                        .withNewResources()
                        .withRequests(Map.of("storage", new Quantity("1Gi")))
                        .endResources()
                        .endSpec()
                        .build())
                .create();
        client.persistentVolumeClaims()
                .inNamespace(namespace)
                .withName(name)
                .editStatus(claim -> new PersistentVolumeClaimBuilder(claim)
                        .editOrNewStatus()
                        .withPhase("Bound")
                        .endStatus()
                        .build());
    }

    private void changeSpec(String json) {
        resource.patch(PatchContext.of(PatchType.JSON_MERGE), "{\"spec\":" + json + "}");
    }

    private Job job() {
        return jobNamed(resource.get().getStatus().jobName()).get();
    }

    private Resource<Job> jobNamed(String name) {
        return client.resources(Job.class).inNamespace(namespace).withName(name);
    }

    private void awaitJob(Predicate<Job> wanted) {
        await(status -> status.jobName() != null);
        jobNamed(resource.get().getStatus().jobName())
                .waitUntilCondition(job -> job != null && wanted.test(job), PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    private void awaitReason(String reason) {
        await(status -> hasReason(status, reason));
    }

    private void await(Predicate<SocraticFineTuneStatus> wanted) {
        await(resource, wanted);
    }

    private static boolean hasReason(SocraticFineTuneStatus status, String reason) {
        return status.conditions().stream().anyMatch(condition -> reason.equals(condition.getReason()));
    }

    private static void await(Resource<SocraticFineTune> waiting, Predicate<SocraticFineTuneStatus> wanted) {
        waiting.waitUntilCondition(
                there -> there != null && there.getStatus() != null && wanted.test(there.getStatus()),
                PATIENCE_SECONDS,
                TimeUnit.SECONDS);
    }
}
