package dev.socratic.trainer.placement;

import dev.socratic.trainer.placement.PipelineSchedule.Stage;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How micro-batches pass through the sections of a model.
 *
 * @param stages a section each, with its estimated cost
 * @param held how many micro-batches each section holds at most
 */
public record Pipeline(List<Stage> stages, List<Integer> held) {
    public Pipeline {
        stages = List.copyOf(stages);
        held = List.copyOf(held);
    }

    /** A pipeline whose sections hold as many micro-batches as a step comes to. */
    public static Pipeline of(List<Stage> stages, int microBatches, int inFlight) {
        return new Pipeline(stages, play(stages, microBatches, inFlight).held());
    }

    /**
     * A step. Of n sections the i-th (from 0) holds at most n - i micro-batches.
     *
     * @param inFlight most micro-batches on their way at once; 1 lets one follow the other
     */
    static PipelineSchedule play(List<Stage> stages, int microBatches, int inFlight) {
        int sections = stages.size();
        List<Integer> room = IntStream.range(0, sections)
                .mapToObj(section -> Math.min(inFlight, sections - section))
                .toList();
        return PipelineSchedule.of(stages, microBatches, room);
    }

    /** The order of a step of so many micro-batches. */
    public PipelineSchedule schedule(int microBatches) {
        return PipelineSchedule.of(stages, microBatches, held);
    }

    /** Most micro-batches on their way at once. */
    public int inFlight() {
        return Collections.max(held);
    }
}
