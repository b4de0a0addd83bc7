package dev.socratic.trainer.placement;

import dev.socratic.trainer.placement.PipelineSchedule.Stage;
import java.util.List;

/**
 * How micro-batches pass through the sections of a model.
 *
 * @param stages a section each, with its estimated cost
 * @param inFlight most micro-batches on their way at once; 1 lets one follow the other
 */
public record Pipeline(List<Stage> stages, int inFlight) {
    public Pipeline {
        stages = List.copyOf(stages);
    }

    /** The order of a step of so many micro-batches. */
    public PipelineSchedule schedule(int microBatches) {
        return PipelineSchedule.of(stages, microBatches, inFlight);
    }

    /** How many micro-batches a section holds at once. */
    int alive(int section) {
        return PipelineSchedule.alive(section, stages.size(), inFlight);
    }
}
