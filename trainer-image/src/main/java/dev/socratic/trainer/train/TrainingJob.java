package dev.socratic.trainer.train;

import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.trainer.data.Example;
import dev.socratic.trainer.data.MicroBatching;
import java.nio.file.Path;
import java.util.List;

/**
 * What a run trains on.
 *
 * @param runId names the run: only checkpoints of the same run are gone on from
 * @param evaluation examples for the evaluation loss; may be empty
 * @param microBatching how a step's examples pass through the model
 * @param checkpoints folder of the run's checkpoints
 */
public record TrainingJob(
        String runId,
        SocraticFineTuneSpec spec,
        List<Example> train,
        List<Example> evaluation,
        MicroBatching microBatching,
        Path checkpoints) {
    public TrainingJob {
        train = List.copyOf(train);
        evaluation = List.copyOf(evaluation);
    }
}
