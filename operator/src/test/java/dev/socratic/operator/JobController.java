package dev.socratic.operator;

import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateBuilder;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatusBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.UncountedTerminatedPods;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.util.concurrent.TimeUnit;

/** What Kubernetes' Job controller and a kubelet would do, step by step. */
public record JobController(KubernetesClient client) {
    public Pod createPod(Job job, String name) {
        return client.resource(new PodBuilder()
                        .withMetadata(job.getSpec().getTemplate().getMetadata())
                        .editMetadata()
                        .withName(name)
                        .withNamespace(job.getMetadata().getNamespace())
                        .withOwnerReferences(new OwnerReferenceBuilder()
                                .withApiVersion("batch/v1")
                                .withKind("Job")
                                .withName(job.getMetadata().getName())
                                .withUid(job.getMetadata().getUid())
                                .withController(true)
                                .build())
                        .endMetadata()
                        .withSpec(job.getSpec().getTemplate().getSpec())
                        .build())
                .create();
    }

    public void run(Pod pod) {
        setState(
                pod,
                "Running",
                new ContainerStateBuilder()
                        .withNewRunning()
                        .withStartedAt("2026-01-01T00:00:00Z")
                        .endRunning()
                        .build());
    }

    /** What the node controller says of a pod whose node it does not hear of. */
    public void silence(Pod pod) {
        client.pods()
                .inNamespace(pod.getMetadata().getNamespace())
                .withName(pod.getMetadata().getName())
                .editStatus(there -> new PodBuilder(there)
                        .editStatus()
                        .addNewCondition()
                        .withType("Ready")
                        .withStatus("False")
                        .endCondition()
                        .endStatus()
                        .build());
    }

    public void terminate(Pod pod, int exitCode, String message) {
        setState(
                pod,
                exitCode == 0 ? "Succeeded" : "Failed",
                new ContainerStateBuilder()
                        .withNewTerminated()
                        .withExitCode(exitCode)
                        .withMessage(message)
                        .withStartedAt("2026-01-01T00:00:00Z")
                        .withFinishedAt("2026-01-01T00:05:00Z")
                        .endTerminated()
                        .build());
    }

    public void complete(Job job) {
        client.batch()
                .v1()
                .jobs()
                .inNamespace(job.getMetadata().getNamespace())
                .withName(job.getMetadata().getName())
                .editStatus(running -> {
                    running.setStatus(new JobStatusBuilder()
                            .withStartTime("2026-01-01T00:00:00Z")
                            .withCompletionTime("2026-01-01T00:05:00Z")
                            .withSucceeded(1)
                            .withUncountedTerminatedPods(new UncountedTerminatedPods())
                            .addNewCondition()
                            .withType("SuccessCriteriaMet")
                            .withStatus("True")
                            .withLastTransitionTime("2026-01-01T00:05:00Z")
                            .endCondition()
                            .addNewCondition()
                            .withType("Complete")
                            .withStatus("True")
                            .withLastTransitionTime("2026-01-01T00:05:00Z")
                            .endCondition()
                            .build());
                    return running;
                });
    }

    /** What the garbage collector does with a Job that was told to go, when all that belongs to it is gone. */
    public void collect(Job job) {
        Resource<Job> named = client.batch()
                .v1()
                .jobs()
                .inNamespace(job.getMetadata().getNamespace())
                .withName(job.getMetadata().getName());
        named.waitUntilCondition(leaving -> leaving.getMetadata().getDeletionTimestamp() != null, 60, TimeUnit.SECONDS);
        named.patch(PatchContext.of(PatchType.JSON_MERGE), "{\"metadata\":{\"finalizers\":null}}");
    }

    private void setState(Pod pod, String phase, ContainerState state) {
        client.pods()
                .inNamespace(pod.getMetadata().getNamespace())
                .withName(pod.getMetadata().getName())
                .editStatus(there -> {
                    there.setStatus(new PodStatusBuilder()
                            .withPhase(phase)
                            .withPodIP(FakeTrainer.HOST)
                            .addNewContainerStatus()
                            .withName("trainer")
                            .withImage("trainer")
                            .withImageID("trainer")
                            .withReady(false)
                            .withRestartCount(0)
                            .withState(state)
                            .endContainerStatus()
                            .build());
                    return there;
                });
    }
}
