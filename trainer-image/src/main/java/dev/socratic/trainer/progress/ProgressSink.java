package dev.socratic.trainer.progress;

import java.nio.file.Path;

/** Reads the run as it happens. Called by one thread, in the order of events. */
public interface ProgressSink extends AutoCloseable {
    /** @param message what is being done, for people; may be empty */
    default void phase(RunPhase phase, String message) {}

    default void plan(RunFacts facts) {}

    default void step(TrainingStep step) {}

    /** The evaluation loss after {@code step}; told before the step itself, so that both share a line. */
    default void evaluated(int step, double evalLoss) {}

    /** A checkpoint from which the run can go on is complete. */
    default void checkpointed(int step, Path at) {}

    /** The run goes on from a checkpoint; one that starts anew is not told of. */
    default void resumed(int step, Path from) {}

    /** Exactly once, last. */
    default void finished(RunOutcome outcome) {}

    @Override
    default void close() {}
}
