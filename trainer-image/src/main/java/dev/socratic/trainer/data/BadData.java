package dev.socratic.trainer.data;

import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import dev.socratic.trainer.failure.TrainerFailure;

/** A line of the dataset, or the whole of it, cannot be trained on. Exit code 65. */
public final class BadData extends TrainerFailure {
    BadData(Problem problem) {
        super(problem);
    }

    static Problem what(String fact) {
        return Problem.of(FailureReason.InvalidData, fact);
    }
}
