package dev.socratic.operator.decide;

import dev.socratic.api.v1alpha1.status.Phase;
import dev.socratic.operator.observe.JobFacts;
import dev.socratic.operator.observe.Observation;
import dev.socratic.operator.observe.QueueHold;
import dev.socratic.operator.run.Run;
import java.time.Duration;
import java.util.Optional;

/** A run whose Job is in a queue of Kueue's, in Kueue's words where it has some. */
final class Queueing {
    private Queueing() {}

    /** Whether Kueue holds the Job back. */
    static boolean waits(Observation o) {
        return o.job().filter(JobFacts::waitsInQueue).isPresent();
    }

    /** A Job that is about to be made, if Kueue will hold it back. */
    static Optional<Verdict> begins(Run run) {
        return run.kueueQueue().map(queue -> queued(queue, ""));
    }

    static Verdict verdict(Observation o) {
        String queue = o.job().map(JobFacts::queue).orElseThrow();
        return o.queueHold().map(hold -> verdict(hold, queue)).orElseGet(() -> queued(queue, ""));
    }

    /** For how long Kueue has been holding the Job back, this time. */
    static Duration waitingFor(Observation o) {
        return o.queueHold()
                .map(QueueHold::since)
                .or(() -> o.job().map(JobFacts::createdAt))
                .map(since -> Duration.between(since, o.now()))
                .orElse(Duration.ZERO);
    }

    private static Verdict verdict(QueueHold hold, String queue) {
        return switch (hold.cause()) {
            case NO_ROOM -> queued(queue, " Kueue says: " + Sentences.ended(hold.message()));
            case NO_QUEUE ->
                Verdict.stalled(
                        Phase.QUEUED,
                        "Inadmissible",
                        "Kueue does not take the Job from its queue %s: %s Mend the queue, or name another in the label kueue.x-k8s.io/queue-name; the run then starts by itself."
                                .formatted(queue, Sentences.ended(hold.message())));
            case NO_KUEUE ->
                Verdict.stalled(
                        Phase.QUEUED,
                        "KueueNotFound",
                        "The Job waits in the Kueue queue %s, but the cluster has no Kueue. Install it, or take the label kueue.x-k8s.io/queue-name away; the run then starts by itself."
                                .formatted(queue));
        };
    }

    private static Verdict queued(String queue, String said) {
        return Verdict.inProgress(Phase.QUEUED, "Queued", "The Job waits in the Kueue queue " + queue + "." + said);
    }
}
