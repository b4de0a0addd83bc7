package dev.socratic.operator.apply;

import dev.socratic.operator.decide.Action;
import dev.socratic.operator.run.Run;
import dev.socratic.operator.settings.OperatorSettings;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.DeletionPropagation;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
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

    public Applier(KubernetesClient client, OperatorSettings settings) {
        this.client = client;
        this.settings = settings;
    }

    /** @param created is told of a Job that was created or changed, before any informer knows of it */
    public void apply(List<Action> actions, Run run, Consumer<Job> created) {
        for (Action action : actions) {
            if (action instanceof Action.CreateRun) {
                CheckpointsClaim.desired(run, settings).ifPresent(this::create);
                create(TrainerConfig.desired(run));
                create(TrainerJob.desired(run, settings)).ifPresent(created);
            } else if (action instanceof Action.SuspendJob suspend) {
                created.accept(setSuspend(run, suspend.job(), "true"));
            } else if (action instanceof Action.ResumeJob resume) {
                created.accept(setSuspend(run, resume.job(), "false"));
            } else if (action instanceof Action.DeleteJob delete) {
                delete(Job.class, run, delete.job());
            } else if (action instanceof Action.DeleteRun delete) {
                delete(ConfigMap.class, run, delete.job());
                delete(PersistentVolumeClaim.class, run, Run.checkpointsClaim(delete.job()));
                delete(Job.class, run, delete.job());
            }
        }
    }

    /** The created object; empty if one of that name is there already. */
    private <T extends HasMetadata> Optional<T> create(T desired) {
        try {
            return Optional.of(client.resource(desired).create());
        } catch (KubernetesClientException e) {
            if (e.getCode() == HttpURLConnection.HTTP_CONFLICT) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private Job setSuspend(Run run, String job, String value) {
        return client.batch()
                .v1()
                .jobs()
                .inNamespace(run.namespace())
                .withName(job)
                .patch(PatchContext.of(PatchType.JSON_MERGE), "{\"spec\":{\"suspend\":" + value + "}}");
    }

    private <T extends HasMetadata> void delete(Class<T> type, Run run, String name) {
        client.resources(type)
                .inNamespace(run.namespace())
                .withName(name)
                .withPropagationPolicy(DeletionPropagation.BACKGROUND)
                .delete();
    }
}
