package dev.socratic.operator.decide;

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
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The operator's mind: a pure function from what is to what shall be. */
public final class Decide {
    private Decide() {}

    public static Decision decide(Observation o, Pace pace) {
        RunState state = RunState.of(o);
        List<Action> actions = new ArrayList<>(staleRuns(o));
        o.orphans().map(PodFacts::name).map(Action.EndPod::new).forEach(actions::add);
        o.lostPods().map(PodFacts::name).map(Action.GiveUpPod::new).forEach(actions::add);
        actions.addAll(actions(state, o));
        if (state == RunState.FINISHED) {
            return new Decision(actions, List.of(), finished(o), untilTtl(o));
        }
        Verdict verdict = verdict(state, o);
        Optional<Duration> quiet = quietStart(verdict, o, pace);
        if (quiet.isPresent()) {
            return new Decision(actions, List.of(), o.resource().getStatus(), quiet);
        }
        SocraticFineTuneStatus status = StatusDraft.of(o).with(verdict, job(o, actions));
        Optional<Duration> early = tooEarly(status, o, pace);
        if (early.isPresent()) {
            return new Decision(actions, List.of(), o.resource().getStatus(), early);
        }
        return new Decision(actions, Story.events(o, verdict, status), status, comeBack(state, o, pace));
    }

    /** What becomes of a decision to create the run when the API server does not let the operator do so. */
    public static Decision refused(Observation o, Refusal refusal, Pace pace) {
        Verdict verdict = Obstacles.refused(refusal);
        SocraticFineTuneStatus status = StatusDraft.of(o).with(verdict, Optional.empty());
        Duration told = Conditions.since(status.conditions(), verdict.health())
                .map(since -> Duration.between(since, o.now()))
                .orElse(Duration.ZERO);
        Duration wait = refusal.cause() == Refusal.Cause.LEFTOVER ? pace.pendingChecks() : pace.nextCheck(told);
        return new Decision(List.of(), Story.events(o, verdict, status), status, Optional.of(wait));
    }

    private static Optional<String> job(Observation o, List<Action> actions) {
        return o.job().isPresent() || actions.contains(new Action.CreateRun())
                ? Optional.of(o.run().jobName())
                : Optional.empty();
    }

    private static List<Action> actions(RunState state, Observation o) {
        return switch (state) {
            case FINISHED ->
                ttlPassed(o)
                        ? o.job().map(JobFacts::name).<Action>map(Action.DeleteRun::new).stream()
                                .toList()
                        : List.of();
            case SUSPENDED -> o.job().flatMap(job -> stop(o, job)).stream().toList();
            case NOT_ALLOWED ->
                o.job().filter(job -> !job.isLeaving()).map(JobFacts::name).<Action>map(Action.DeleteJob::new).stream()
                        .toList();
            case ABSENT -> List.of(new Action.CreateRun());
            case OUTDATED -> List.of(new Action.DeleteJob(o.run().jobName()));
            case HELD -> List.of(new Action.ResumeJob(o.run().jobName()));
            case STARTING -> ownThingsMissing(o) ? List.of(new Action.CreateRun()) : List.of();
            case SUCCEEDED, FAILED, REPLACING, LEAVING, QUEUED, STUCK, RUNNING, RETRYING -> List.of();
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
            case SUSPENDED -> Interruptions.suspended(o);
            case REPLACING, LEAVING -> Interruptions.leaving(o);
            case NOT_ALLOWED -> Obstacles.notAllowed(Limits.breaches(o));
            case OUTDATED ->
                Verdict.inProgress(
                        Queueing.waits(o) ? Phase.QUEUED : Phase.PENDING,
                        "Replacing",
                        "No pod is at work, and the Job is replaced, as the spec has changed.");
            case HELD -> Verdict.inProgress(Phase.PENDING, "Resuming", "The run goes on.");
            case ABSENT -> Queueing.begins(o.run()).orElseGet(Obstacles::starting);
            case QUEUED -> Queueing.verdict(o);
            case STUCK -> Interruptions.stuck(o.stuckPod().orElseThrow(), o);
            case RUNNING -> Interruptions.ofRunning(o.pod().orElseThrow(), o).orElseGet(() -> running(o));
            case RETRYING -> Interruptions.retrying(o);
            case STARTING -> Obstacles.verdict(o);
            case FINISHED -> throw new IllegalStateException("A finished run keeps its status.");
        };
    }

    /** The trainer's own words: the newest, or until the first poll those that are known. */
    private static Verdict running(Observation o) {
        Optional<SocraticFineTuneStatus> known = o.status()
                .filter(status -> status.phase() == Phase.RUNNING)
                .filter(status -> !Interruptions.isReason(Conditions.reason(status.conditions())));
        return Verdict.inProgress(
                Phase.RUNNING,
                o.report()
                        .map(TrainerReport::phase)
                        .or(() -> known.map(status -> Conditions.reason(status.conditions())))
                        .orElse("Running"),
                message(o, known.map(SocraticFineTuneStatus::message).orElse("The trainer is starting.")));
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
        return StatusDraft.of(o).with(verdict, Optional.empty());
    }

    private static List<Action> staleRuns(Observation o) {
        return o.staleJobs().stream()
                .filter(job -> !job.isLeaving())
                .map(JobFacts::name)
                .<Action>map(Action.DeleteRun::new)
                .toList();
    }

    /** Kueue owns {@code suspend} of the Jobs in its queues: such a run is held back by taking its Job away. */
    private static Optional<Action> stop(Observation o, JobFacts job) {
        if (job.isLeaving()) {
            return Optional.empty();
        }
        if (job.queue() != null) {
            return Optional.of(new Action.DeleteJob(job.name()));
        }
        return job.suspension() == JobFacts.Suspension.RELEASED
                ? Optional.of(new Action.SuspendJob(job.name()))
                : Optional.empty();
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

    /**
     * How long to wait with {@code status}, if it differs from the last one in nothing but the progress of a trainer
     * that runs. Last words never wait: the pod that says them may be gone by then.
     */
    private static Optional<Duration> tooEarly(SocraticFineTuneStatus status, Observation o, Pace pace) {
        Optional<SocraticFineTuneStatus> known = o.status();
        boolean goesOn = status.phase() == Phase.RUNNING && o.termination().isEmpty();
        if (known.isEmpty() || !goesOn || !Progressless.of(status).equals(Progressless.of(known.get()))) {
            return Optional.empty();
        }
        return known.map(SocraticFineTuneStatus::progress)
                .map(Progress::updatedAt)
                .map(Times::parse)
                .map(written -> Duration.between(o.now(), written.plus(pace.progressWrites())))
                .filter(wait -> !wait.isNegative() && !wait.isZero() && wait.compareTo(pace.progressWrites()) <= 0);
    }

    /**
     * How long a new resource is left at what the API server fills in, which is Pending too: most runs start within that
     * time, and one write tells of both. Where many start at once, that they run is told when they all had their turn.
     */
    private static Optional<Duration> quietStart(Verdict verdict, Observation o, Pace pace) {
        boolean starting = verdict.equals(Obstacles.starting());
        if (o.told() || !starting && !verdict.equals(running(o))) {
            return Optional.empty();
        }
        Duration patience = starting ? pace.pendingChecks().minus(sinceCreation(o)) : Duration.ZERO;
        return Stream.of(untilRushEnds(o, pace), patience)
                .max(Comparator.naturalOrder())
                .filter(rest -> !rest.isNegative() && !rest.isZero());
    }

    /** At most: its end is called out. Until then a Job that makes no pod is looked into as ever. */
    private static Duration untilRushEnds(Observation o, Pace pace) {
        Duration rest = Duration.between(o.now(), o.rushEnd());
        boolean podless = o.job().filter(JobFacts::makesNoPod).isPresent();
        return podless && rest.compareTo(pace.pendingChecks()) > 0 ? pace.pendingChecks() : rest;
    }

    private static Duration sinceCreation(Observation o) {
        return o.job()
                .map(JobFacts::createdAt)
                .map(since -> Duration.between(since, o.now()))
                .filter(time -> !time.isNegative())
                .orElse(Duration.ZERO);
    }

    private static Optional<Duration> comeBack(RunState state, Observation o, Pace pace) {
        return switch (state) {
            case SUCCEEDED, FAILED -> Optional.of(Duration.ofSeconds(o.spec().ttlSecondsAfterFinished()));
            case ABSENT, REPLACING, LEAVING, OUTDATED, HELD -> Optional.of(pace.pendingChecks());
            case STARTING -> Optional.of(pace.nextCheck(waitingFor(o)));
            case QUEUED -> Optional.of(pace.nextCheck(Queueing.waitingFor(o)));
            case RUNNING ->
                o.pod()
                        .filter(pod -> pod.life() == PodFacts.Life.ENDING && pod.endsBy() != null)
                        .map(pod -> Duration.between(o.now(), pod.lateFrom()).plusSeconds(1));
            default -> Optional.empty();
        };
    }

    /** How long the run has been waiting for its pod, or the pod for its container. */
    private static Duration waitingFor(Observation o) {
        return o.pod()
                .map(PodFacts::createdAt)
                .or(() -> o.job().map(JobFacts::createdAt))
                .map(since -> Duration.between(since, o.now()))
                .orElse(Duration.ZERO);
    }

    private static Optional<Duration> untilTtl(Observation o) {
        return o.job()
                .filter(job -> !job.isLeaving() && !ttlPassed(o))
                .map(job -> Duration.between(o.now(), ttlEnd(o)));
    }

    private static boolean ttlPassed(Observation o) {
        return !o.now().isBefore(ttlEnd(o))
                && o.job().filter(job -> !job.isLeaving()).isPresent();
    }

    private static Instant ttlEnd(Observation o) {
        Instant end = o.status()
                .map(SocraticFineTuneStatus::completionTime)
                .map(Times::parse)
                .orElse(o.now());
        return end.plusSeconds(o.spec().ttlSecondsAfterFinished());
    }
}
