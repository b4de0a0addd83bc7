package dev.socratic.operator.decide;

import dev.socratic.api.v1alpha1.status.Phase;
import java.util.List;
import java.util.Optional;

/**
 * One step of a run from phase to phase. {@link #TABLE} holds every step that there is.
 *
 * @param from null for a new run
 * @param reason the event that tells of it; null where the status alone does: a run that is about to start needs no
 *     event of its own, and each is a write
 */
public record Transition(Phase from, Phase to, EventReason reason) {
    public static final List<Transition> TABLE = List.of(
            new Transition(null, Phase.PENDING, null),
            new Transition(null, Phase.QUEUED, EventReason.QUEUED),
            new Transition(null, Phase.RUNNING, EventReason.STARTED),
            new Transition(null, Phase.SUSPENDED, EventReason.SUSPENDED),
            new Transition(null, Phase.SUCCEEDED, EventReason.SUCCEEDED),
            new Transition(null, Phase.FAILED, EventReason.FAILED),
            new Transition(Phase.PENDING, Phase.QUEUED, EventReason.QUEUED),
            new Transition(Phase.PENDING, Phase.RUNNING, EventReason.STARTED),
            new Transition(Phase.PENDING, Phase.SUSPENDED, EventReason.SUSPENDED),
            new Transition(Phase.PENDING, Phase.SUCCEEDED, EventReason.SUCCEEDED),
            new Transition(Phase.PENDING, Phase.FAILED, EventReason.FAILED),
            new Transition(Phase.QUEUED, Phase.PENDING, EventReason.ADMITTED),
            new Transition(Phase.QUEUED, Phase.RUNNING, EventReason.STARTED),
            new Transition(Phase.QUEUED, Phase.SUSPENDED, EventReason.SUSPENDED),
            new Transition(Phase.QUEUED, Phase.SUCCEEDED, EventReason.SUCCEEDED),
            new Transition(Phase.QUEUED, Phase.FAILED, EventReason.FAILED),
            new Transition(Phase.RUNNING, Phase.PENDING, EventReason.RETRYING),
            new Transition(Phase.RUNNING, Phase.QUEUED, EventReason.PREEMPTED),
            new Transition(Phase.RUNNING, Phase.SUSPENDED, EventReason.SUSPENDED),
            new Transition(Phase.RUNNING, Phase.SUCCEEDED, EventReason.SUCCEEDED),
            new Transition(Phase.RUNNING, Phase.FAILED, EventReason.FAILED),
            new Transition(Phase.SUSPENDED, Phase.PENDING, EventReason.RESUMED),
            new Transition(Phase.SUSPENDED, Phase.QUEUED, EventReason.RESUMED),
            new Transition(Phase.SUSPENDED, Phase.RUNNING, EventReason.RESUMED),
            new Transition(Phase.SUSPENDED, Phase.SUCCEEDED, EventReason.SUCCEEDED),
            new Transition(Phase.SUSPENDED, Phase.FAILED, EventReason.FAILED));

    /** The step between two phases; empty if they are the same. */
    static Optional<Transition> between(Phase from, Phase to) {
        return TABLE.stream().filter(step -> step.from == from && step.to == to).findFirst();
    }
}
