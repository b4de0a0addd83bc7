package dev.socratic.operator.apply;

import dev.socratic.operator.decide.Action;
import dev.socratic.operator.decide.Refusal;
import dev.socratic.operator.run.Run;
import dev.socratic.operator.settings.OperatorSettings;
import io.fabric8.kubernetes.api.model.DeletionPropagation;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.net.HttpURLConnection;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Carries out what was decided. */
public final class Applier {
    private final KubernetesClient client;
    private final OperatorSettings settings;
    private final Creation creation;

    public Applier(KubernetesClient client, OperatorSettings settings) {
        this.client = client;
        this.settings = settings;
        this.creation = new Creation(client);
    }

    /**
     * Carries the actions out, in order, up to the first that the API server refuses.
     *
     * @param created is told of a Job that was created or changed, before any informer knows of it
     * @return why a part of the run could not be created; empty if all went well
     */
    public Optional<Refusal> apply(List<Action> actions, Run run, Consumer<Job> created) {
        for (Action action : actions) {
            if (action instanceof Action.CreateRun) {
                Optional<Refusal> refusal = createRun(run, created);
                if (refusal.isPresent()) {
                    return refusal;
                }
            } else if (action instanceof Action.SuspendJob suspend) {
                created.accept(setSuspend(run, suspend.job(), "true"));
            } else if (action instanceof Action.ResumeJob resume) {
                created.accept(setSuspend(run, resume.job(), "false"));
            } else if (action instanceof Action.DeleteJob delete) {
                deleteJob(run, delete.job());
            } else if (action instanceof Action.EndPod left) {
                client.pods().inNamespace(run.namespace()).withName(left.pod()).delete();
            } else if (action instanceof Action.GiveUpPod lost) {
                giveUp(run, lost.pod());
            } else if (action instanceof Action.DeleteRun delete) {
                deleteClaim(run, Run.checkpointsClaim(delete.job()));
                deleteJob(run, delete.job());
            }
        }
        return Optional.empty();
    }

    private Optional<Refusal> createRun(Run run, Consumer<Job> created) {
        Job job = TrainerJob.desired(run, settings);
        return SpecLength.refusal(run, job)
                .or(() -> CheckpointsClaim.desired(run, settings).flatMap(claim -> creation.create(claim, there -> {})))
                .or(() -> creation.create(job, created));
    }

    /** The patch needs no Job but its name: asked by name alone, the client would first get the Job. */
    private Job setSuspend(Run run, String job, String value) {
        Job named = new JobBuilder()
                .withNewMetadata()
                .withNamespace(run.namespace())
                .withName(job)
                .endMetadata()
                .build();
        return client.resource(named)
                .patch(PatchContext.of(PatchType.JSON_MERGE), "{\"spec\":{\"suspend\":" + value + "}}");
    }

    /**
     * As the pod garbage collector does for nodes that are gone: with this condition a Job's policy takes the end for a
     * disruption and not for a failure.
     */
    private void giveUp(Run run, String name) {
        Pod failed = new PodBuilder()
                .withNewMetadata()
                .withNamespace(run.namespace())
                .withName(name)
                .endMetadata()
                .build();
        String status = """
                {"status": {"phase": "Failed", "reason": "NodeLost", "conditions": [{"type": "DisruptionTarget",
                 "status": "True", "reason": "NodeLost", "message": "The node does not answer."}]}}""";
        try {
            client.resource(failed).subresource("status").patch(PatchContext.of(PatchType.STRATEGIC_MERGE), status);
        } catch (KubernetesClientException e) {
            if (e.getCode() != HttpURLConnection.HTTP_NOT_FOUND) {
                throw e;
            }
        }
        client.resource(failed).withGracePeriod(0).delete();
    }

    private void deleteClaim(Run run, String name) {
        client.persistentVolumeClaims()
                .inNamespace(run.namespace())
                .withName(name)
                .delete();
    }

    /**
     * Its name is free when all that belongs to it is gone: Kueue finds the Workload of a Job by the name of the Job, and
     * would give that of the old one to the next.
     */
    private void deleteJob(Run run, String name) {
        client.batch()
                .v1()
                .jobs()
                .inNamespace(run.namespace())
                .withName(name)
                .withPropagationPolicy(DeletionPropagation.FOREGROUND)
                .delete();
    }
}
