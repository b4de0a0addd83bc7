package dev.socratic.operator.decide;

import dev.socratic.api.v1alpha1.status.SocraticFineTuneStatus;
import dev.socratic.operator.observe.Observation;
import dev.socratic.operator.observe.PodFacts;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What of a new status is worth an event: each step of the run, what holds it up, and its checkpoints. */
final class Story {
    private Story() {}

    static List<RunEvent> events(Observation o, Verdict verdict, SocraticFineTuneStatus status) {
        List<RunEvent> events = new ArrayList<>();
        boolean superseded = o.status().isEmpty()
                && Optional.ofNullable(o.resource().getStatus())
                        .filter(old -> old.runId() != null)
                        .isPresent();
        if (superseded) {
            String old = o.resource().getStatus().runId();
            events.add(new RunEvent(
                    EventReason.SUPERSEDED,
                    old,
                    "The spec asks for run %s instead of %s.".formatted(status.runId(), old)));
        }
        Optional<Transition> step =
                Transition.between(o.phase().orElse(null), status.phase()).filter(taken -> taken.reason() != null);
        step.map(taken -> new RunEvent(taken.reason(), occasion(taken, o), message(taken, status)))
                .ifPresent(events::add);
        if (step.filter(taken -> taken.reason() == EventReason.RETRYING).isEmpty()) {
            blocked(o, verdict).ifPresent(events::add);
        }
        checkpointed(o, status).ifPresent(events::add);
        return events;
    }

    /** What makes one step of this kind another than the next: the pod, or for people's doing the generation. */
    private static String occasion(Transition step, Observation o) {
        return switch (step.reason()) {
            case SUCCEEDED, FAILED -> "once";
            case SUSPENDED, RESUMED ->
                "generation-" + o.resource().getMetadata().getGeneration();
            default -> o.pod().map(PodFacts::name).orElse("first");
        };
    }

    /** A run that starts at once has only this event for its Job and its pod. */
    private static String message(Transition step, SocraticFineTuneStatus status) {
        if (step.reason() != EventReason.STARTED) {
            return status.message();
        }
        String where = status.nodeName() == null ? "" : " on node " + status.nodeName();
        return status.attempts() == null || status.attempts() == 1
                ? "Created Job %s; its trainer runs%s.".formatted(status.jobName(), where)
                : "Attempt %d of Job %s runs%s.".formatted(status.attempts(), status.jobName(), where);
    }

    private static Optional<RunEvent> blocked(Observation o, Verdict verdict) {
        boolean told = o.status()
                .filter(known -> verdict.reason().equals(Conditions.reason(known.conditions())))
                .isPresent();
        return verdict.isObstacle() && !told
                ? Optional.of(new RunEvent(
                        EventReason.BLOCKED,
                        verdict.reason() + "-" + o.pod().map(PodFacts::name).orElse("no-pod"),
                        verdict.reason() + ": " + verdict.message()))
                : Optional.empty();
    }

    private static Optional<RunEvent> checkpointed(Observation o, SocraticFineTuneStatus status) {
        return Optional.ofNullable(status.checkpoint())
                .filter(checkpoint -> !o.status()
                        .map(SocraticFineTuneStatus::checkpoint)
                        .filter(checkpoint::equals)
                        .isPresent())
                .map(checkpoint -> new RunEvent(
                        EventReason.CHECKPOINTED,
                        "step-" + checkpoint.step(),
                        "Step %d is saved at %s.".formatted(checkpoint.step(), checkpoint.uri())));
    }
}
