package dev.socratic.trainer.progress;

import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.TrainerFailure;
import dev.socratic.trainer.storage.PublishedOutput;

/**
 * How a run ended.
 *
 * @param message for people, in one line
 * @param adapter null unless it succeeded
 * @param report URI of report.html, or null
 * @param reason null when it succeeded
 */
public record RunOutcome(String message, PublishedOutput adapter, String report, FailureReason reason) {
    public static RunOutcome succeeded(String message, PublishedOutput adapter, String report) {
        return new RunOutcome(message, adapter, report, null);
    }

    public static RunOutcome failed(TrainerFailure failure) {
        return new RunOutcome(failure.getMessage(), null, null, failure.reason());
    }

    public RunPhase phase() {
        return reason == null ? RunPhase.Succeeded : RunPhase.Failed;
    }

    public int exitCode() {
        return reason == null ? 0 : reason.exitCode();
    }
}
