package dev.socratic.operator.decide;

import dev.socratic.api.v1alpha1.status.CheckpointStatus;
import dev.socratic.api.v1alpha1.status.Phase;
import dev.socratic.api.v1alpha1.status.Progress;
import dev.socratic.api.v1alpha1.status.SocraticFineTuneStatus;
import dev.socratic.operator.observe.JobFacts;
import dev.socratic.operator.observe.MissingReference;
import dev.socratic.operator.observe.Observation;
import dev.socratic.operator.observe.PodFacts;
import dev.socratic.operator.observe.Termination;
import dev.socratic.operator.observe.Times;
import dev.socratic.operator.progress.TrainerReport;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The operator's mind: a pure function from what is to what shall be. */
public final class Decide {
    private Decide() {}

    public static Decision decide(Observation o, Pace pace) {
        RunState state = RunState.of(o);
        List<Action> actions = new ArrayList<>(staleRuns(o));
        actions.addAll(actions(state, o));
        if (state == RunState.FINISHED) {
            return new Decision(actions, List.of(), finished(o), untilTtl(o));
        }
        SocraticFineTuneStatus status = StatusDraft.of(o).with(verdict(state, o));
        Optional<Duration> early = tooEarly(status, o, pace);
        if (early.isPresent()) {
            return new Decision(actions, List.of(), o.resource().getStatus(), early);
        }
        return new Decision(actions, events(o, status), status, comeBack(state, o, pace));
    }

    private static List<Action> actions(RunState state, Observation o) {
        return switch (state) {
            case FINISHED ->
                ttlPassed(o)
                        ? o.job().map(JobFacts::name).<Action>map(Action.DeleteRun::new).stream()
                                .toList()
                        : List.of();
            case SUSPENDED -> o.job().flatMap(job -> stop(o, job)).stream().toList();
            case ABSENT -> List.of(new Action.CreateRun());
            case OUTDATED -> List.of(new Action.DeleteJob(o.run().jobName()));
            case HELD -> List.of(new Action.ResumeJob(o.run().jobName()));
            case STARTING -> ownThingsMissing(o) ? List.of(new Action.CreateRun()) : List.of();
            case SUCCEEDED, FAILED, REPLACING, LEAVING, QUEUED, RUNNING, RETRYING -> List.of();
        };
    }

    private static Verdict verdict(RunState state, Observation o) {
        return switch (state) {
            case SUCCEEDED ->
                Verdict.succeeded(
                        lastWords(o)
                                .orElse("The adapter is at " + o.spec().output().uri() + "."),
                        endedAt(o));
            case FAILED -> Failures.verdict(o);
            case SUSPENDED -> Verdict.suspended(suspendedMessage(o));
            case REPLACING, LEAVING ->
                Verdict.inProgress(
                        Phase.PENDING,
                        "StoppingPreviousRun",
                        "The earlier run is being stopped; this one starts after it.");
            case OUTDATED ->
                Verdict.inProgress(
                        Phase.PENDING,
                        "Replacing",
                        "The pod has not started and is replaced, as the spec has changed.");
            case HELD -> Verdict.inProgress(Phase.PENDING, "Resuming", "The run goes on.");
            case ABSENT -> o.run().kueueQueue().map(Decide::queued).orElseGet(Obstacles::starting);
            case QUEUED -> queued(o.run().kueueQueue().orElseThrow());
            case RUNNING ->
                Verdict.inProgress(
                        Phase.RUNNING,
                        o.report().map(TrainerReport::phase).orElse(knownPhase(o)),
                        message(
                                o,
                                o.status()
                                        .filter(known -> known.phase() == Phase.RUNNING)
                                        .map(SocraticFineTuneStatus::message)
                                        .orElse("The trainer is starting.")));
            case RETRYING -> retrying(o);
            case STARTING -> Obstacles.verdict(o);
            case FINISHED -> throw new IllegalStateException("A finished run keeps its status.");
        };
    }

    /** The status as it is, but about the spec's newest generation, and with last words that came late. */
    private static SocraticFineTuneStatus finished(Observation o) {
        SocraticFineTuneStatus status = o.resource().getStatus();
        boolean succeeded = status.phase() == Phase.SUCCEEDED;
        Verdict verdict = new Verdict(
                status.phase(),
                succeeded ? Verdict.Health.READY : Verdict.Health.STALLED,
                Conditions.reason(status.conditions()),
                succeeded ? lastWords(o).orElse(status.message()) : status.message(),
                Optional.empty());
        return StatusDraft.of(o).with(verdict);
    }

    private static List<Action> staleRuns(Observation o) {
        return o.staleJobs().stream()
                .filter(job -> job.existence() == JobFacts.Existence.PRESENT)
                .map(JobFacts::name)
                .<Action>map(Action.DeleteRun::new)
                .toList();
    }

    /** Kueue owns {@code suspend} of the Jobs in its queues: such a run is held back by taking its Job away. */
    private static Optional<Action> stop(Observation o, JobFacts job) {
        if (job.existence() == JobFacts.Existence.BEING_DELETED) {
            return Optional.empty();
        }
        if (o.run().kueueQueue().isPresent()) {
            return Optional.of(new Action.DeleteJob(job.name()));
        }
        return job.suspension() == JobFacts.Suspension.RELEASED
                ? Optional.of(new Action.SuspendJob(job.name()))
                : Optional.empty();
    }

    private static Verdict queued(String queue) {
        return Verdict.inProgress(Phase.QUEUED, "Queued", "The Job waits in the Kueue queue " + queue + ".");
    }

    private static Verdict retrying(Observation o) {
        Optional<Termination> end = o.termination();
        if (end.isEmpty()) {
            return Verdict.inProgress(
                    Phase.PENDING, "Interrupted", "The pod was taken away; another goes on from the last checkpoint.");
        }
        Failures.Cause cause = Failures.cause(o);
        return Verdict.inProgress(
                Phase.PENDING,
                "Retrying",
                "%s (%s) Another attempt goes on from the last checkpoint.".formatted(cause.message(), cause.reason()));
    }

    private static String suspendedMessage(Observation o) {
        boolean stopping =
                o.pod().filter(pod -> pod.life() != PodFacts.Life.OVER).isPresent()
                        || !o.stalePods().isEmpty();
        String step = o.report()
                .map(TrainerReport::checkpoint)
                .or(() -> o.status().map(SocraticFineTuneStatus::checkpoint))
                .map(CheckpointStatus::step)
                .map(at -> " The last checkpoint is at step " + at + ".")
                .orElse("");
        return stopping
                ? "The trainer writes a checkpoint and stops."
                : "Held back by spec.suspend; set it to false to go on." + step;
    }

    private static String knownPhase(Observation o) {
        return o.status()
                .filter(known -> known.phase() == Phase.RUNNING)
                .map(known -> Conditions.reason(known.conditions()))
                .orElse("Running");
    }

    private static Optional<String> lastWords(Observation o) {
        return o.termination()
                .flatMap(Termination::report)
                .map(TrainerReport::message)
                .filter(text -> !text.isBlank());
    }

    private static String message(Observation o, String otherwise) {
        return o.report()
                .map(TrainerReport::message)
                .filter(text -> !text.isBlank())
                .orElse(otherwise);
    }

    private static Instant endedAt(Observation o) {
        return o.termination()
                .map(Termination::finishedAt)
                .or(() -> o.job().map(JobFacts::endedAt))
                .orElse(o.now());
    }

    private static boolean ownThingsMissing(Observation o) {
        return o.missing().stream().anyMatch(reference -> reference.kind() == MissingReference.Kind.OWN);
    }

    private static List<RunEvent> events(Observation o, SocraticFineTuneStatus status) {
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
        Phase from = o.phase().orElse(null);
        Transition.between(from, status.phase())
                .map(step -> new RunEvent(step.reason(), occasion(step, o), status.message()))
                .ifPresent(events::add);
        blocked(o, status).ifPresent(events::add);
        checkpointed(o, status).ifPresent(events::add);
        return events;
    }

    /** What makes one step of this kind another than the next: the pod, or for people's doing the generation. */
    private static String occasion(Transition step, Observation o) {
        return switch (step.reason()) {
            case CREATED, SUCCEEDED, FAILED -> "once";
            case SUSPENDED, RESUMED ->
                "generation-" + o.resource().getMetadata().getGeneration();
            default -> o.pod().map(PodFacts::name).orElse("first");
        };
    }

    private static Optional<RunEvent> blocked(Observation o, SocraticFineTuneStatus status) {
        String reason = Conditions.reason(status.conditions());
        boolean told = o.status()
                .filter(known -> reason.equals(Conditions.reason(known.conditions())))
                .isPresent();
        boolean obstacle = status.phase() == Phase.PENDING
                && (reason.equals("Unschedulable")
                        || status.conditions().stream().anyMatch(Conditions::stalled));
        return obstacle && !told
                ? Optional.of(new RunEvent(
                        EventReason.BLOCKED,
                        reason + "-" + o.pod().map(PodFacts::name).orElse("no-pod"),
                        reason + ": " + status.message()))
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

    /** How long to wait with {@code status}, if it differs from the last one in nothing but progress. */
    private static Optional<Duration> tooEarly(SocraticFineTuneStatus status, Observation o, Pace pace) {
        Optional<SocraticFineTuneStatus> known = o.status();
        if (known.isEmpty() || !Progressless.of(status).equals(Progressless.of(known.get()))) {
            return Optional.empty();
        }
        return known.map(SocraticFineTuneStatus::progress)
                .map(Progress::updatedAt)
                .map(Times::parse)
                .map(written -> Duration.between(o.now(), written.plus(pace.progressWrites())))
                .filter(wait -> !wait.isNegative() && !wait.isZero() && wait.compareTo(pace.progressWrites()) <= 0);
    }

    private static Optional<Duration> comeBack(RunState state, Observation o, Pace pace) {
        return switch (state) {
            case SUCCEEDED, FAILED -> Optional.of(Duration.ofSeconds(o.spec().ttlSecondsAfterFinished()));
            case ABSENT, STARTING, REPLACING, LEAVING, OUTDATED, HELD, RETRYING -> Optional.of(pace.pendingChecks());
            default -> Optional.empty();
        };
    }

    private static Optional<Duration> untilTtl(Observation o) {
        return o.job()
                .filter(job -> job.existence() == JobFacts.Existence.PRESENT && !ttlPassed(o))
                .map(job -> Duration.between(o.now(), ttlEnd(o)));
    }

    private static boolean ttlPassed(Observation o) {
        return !o.now().isBefore(ttlEnd(o))
                && o.job()
                        .filter(job -> job.existence() == JobFacts.Existence.PRESENT)
                        .isPresent();
    }

    private static Instant ttlEnd(Observation o) {
        Instant end = o.status()
                .map(SocraticFineTuneStatus::completionTime)
                .map(Times::parse)
                .orElse(o.now());
        return end.plusSeconds(o.spec().ttlSecondsAfterFinished());
    }
}
