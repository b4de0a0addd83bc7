package dev.socratic.operator.decide;

import dev.socratic.operator.observe.JobFacts;
import dev.socratic.operator.observe.Observation;
import dev.socratic.operator.observe.Termination;
import dev.socratic.operator.progress.TrainerReport;
import dev.socratic.operator.run.RunLabels;
import java.time.Instant;
import java.util.Optional;

/** Why a run failed, from the trainer's last words, the kubelet and the Job, in this order. */
final class Failures {
    /** Exit code of a process that was killed by SIGKILL. */
    private static final int KILLED = 137;

    private Failures() {}

    static Verdict verdict(Observation o) {
        Cause cause = o.job()
                .map(JobFacts::endReason)
                .filter("DeadlineExceeded"::equals)
                .map(reason -> deadline(o))
                .orElseGet(() -> cause(o));
        Instant endedAt = o.termination()
                .map(Termination::finishedAt)
                .or(() -> o.job().map(JobFacts::endedAt))
                .orElse(o.now());
        return Verdict.failed(cause.reason(), cause.message() + afterAttempts(o), endedAt);
    }

    /** The last attempt's end in a sentence. */
    static Cause cause(Observation o) {
        return o.termination().map(Failures::cause).orElseGet(() -> unknown(o));
    }

    private static Cause cause(Termination end) {
        Optional<TrainerReport> words = end.report().filter(report -> report.reason() != null);
        if (words.isPresent()) {
            TrainerReport report = words.get();
            return new Cause(
                    report.reason(), report.message() == null ? "The trainer gave no message." : report.message());
        }
        if ("OOMKilled".equals(end.reason())) {
            return new Cause(
                    "ContainerOutOfMemory",
                    "The pod used more memory than placement.maxMemory.cpu and its overhead allow, and was killed."
                            + " Raise placement.maxMemory.cpu, or leave it out.");
        }
        Optional<ExitCode> known = ExitCode.of(end.exitCode());
        String said = end.report().map(Failures::whereItWas).orElseGet(() -> lastWords(end.text()));
        if (known.isPresent()) {
            return new Cause(known.get().reason(), known.get().message() + said);
        }
        return end.exitCode() == KILLED
                ? new Cause("Killed", "The trainer was killed before it could write a checkpoint." + said)
                : new Cause("TrainerFailed", "The trainer ended with exit code %d.%s".formatted(end.exitCode(), said));
    }

    /** A trainer that had no time to say how it ended has left how far it was. */
    private static String whereItWas(TrainerReport report) {
        return report.step() == null ? "" : " It was at step %d.".formatted(report.step());
    }

    private static String lastWords(String text) {
        return text.isBlank() ? "" : " Its last words: " + text.strip();
    }

    private static Cause deadline(Observation o) {
        return new Cause(
                "DeadlineExceeded",
                "The run took longer than spec.activeDeadlineSeconds = %s allows, and is over. To train anew, raise it and set another value for the annotation %s."
                        .formatted(o.spec().activeDeadlineSeconds(), RunLabels.RESTART));
    }

    private static Cause unknown(Observation o) {
        String said = o.job().map(JobFacts::endMessage).orElse("The pod is gone, and with it the reason.");
        return new Cause(o.job().map(JobFacts::endReason).orElse("PodLost"), said);
    }

    private static String afterAttempts(Observation o) {
        return o.job()
                        .map(JobFacts::endReason)
                        .filter("BackoffLimitExceeded"::equals)
                        .isPresent()
                ? " This was the last of %d attempts (spec.backoffLimit = %d)."
                        .formatted(o.spec().backoffLimit() + 1, o.spec().backoffLimit())
                : "";
    }

    /** A CamelCase reason and a message for people. */
    record Cause(String reason, String message) {}
}
