package dev.socratic.operator.apply;

import dev.socratic.operator.decide.ExitCode;
import dev.socratic.operator.run.Run;
import dev.socratic.operator.run.RunId;
import dev.socratic.operator.run.RunLabels;
import dev.socratic.operator.settings.OperatorSettings;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobSpec;
import io.fabric8.kubernetes.api.model.batch.v1.JobSpecBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.PodFailurePolicy;
import io.fabric8.kubernetes.api.model.batch.v1.PodFailurePolicyBuilder;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The Job of a run: one pod, tried again where that may help. Its time to live is not left to Kubernetes: the operator
 * deletes it once the last words of its pod are in the status.
 *
 * <p>Larger parts are set and not given to a builder, which copies all of what it is given, level by level: of what it
 * takes to start a run, that was the most.
 */
final class TrainerJob {
    private TrainerJob() {}

    static Job desired(Run run, OperatorSettings settings) {
        Job job = new Job();
        job.setMetadata(new ObjectMetaBuilder()
                .withName(run.jobName())
                .withNamespace(run.namespace())
                .withLabels(labels(run))
                .withAnnotations(Map.of(RunLabels.POD_HASH, RunId.podHash(run.resource())))
                .withOwnerReferences(run.owner())
                .build());
        JobSpec spec = new JobSpecBuilder()
                .withParallelism(1)
                .withCompletions(1)
                .withSuspend(run.kueueQueue().isPresent())
                .withBackoffLimit(run.spec().backoffLimit())
                .withActiveDeadlineSeconds(run.spec().activeDeadlineSeconds())
                .build();
        spec.setPodFailurePolicy(failurePolicy());
        spec.setTemplate(TrainerPod.desired(run, settings));
        job.setSpec(spec);
        return job;
    }

    private static Map<String, String> labels(Run run) {
        Map<String, String> labels = new LinkedHashMap<>(RunLabels.of(run));
        labels.putAll(RunLabels.ofKueue(run.resource()));
        return labels;
    }

    private static PodFailurePolicy failurePolicy() {
        return new PodFailurePolicyBuilder()
                .addNewRule()
                .withAction("FailJob")
                .withNewOnExitCodes()
                .withContainerName(TrainerPod.CONTAINER)
                .withOperator("In")
                .withValues(ExitCode.finalCodes())
                .endOnExitCodes()
                .endRule()
                .addNewRule()
                .withAction("Ignore")
                .addNewOnPodCondition()
                .withType("DisruptionTarget")
                .withStatus("True")
                .endOnPodCondition()
                .endRule()
                .build();
    }
}
