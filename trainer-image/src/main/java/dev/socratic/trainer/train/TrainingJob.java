package dev.socratic.trainer.train;

import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.trainer.data.Example;
import java.nio.file.Path;
import java.util.List;

/**
 * What a run trains on.
 *
 * @param runId names the run: only checkpoints of the same run are gone on from
 * @param evaluation examples for the evaluation loss; may be empty
 * @param evaluationBatch how many of them have one mean loss, whatever passes through the model at once
 * @param checkpoints folder of the run's checkpoints
 */
public record TrainingJob(
        String runId,
        SocraticFineTuneSpec spec,
        List<Example> train,
        List<Example> evaluation,
        int evaluationBatch,
        Path checkpoints) {
    public TrainingJob {
        train = List.copyOf(train);
        evaluation = List.copyOf(evaluation);
    }

    public TrainingJob(
            String runId, SocraticFineTuneSpec spec, List<Example> train, List<Example> evaluation, Path checkpoints) {
        this(runId, spec, train, evaluation, spec.training().batchSize(), checkpoints);
    }
}
