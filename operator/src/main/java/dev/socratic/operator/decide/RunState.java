package dev.socratic.operator.decide;

import dev.socratic.api.v1alpha1.status.Phase;
import dev.socratic.operator.observe.JobFacts;
import dev.socratic.operator.observe.Observation;
import dev.socratic.operator.observe.PodFacts;
import dev.socratic.operator.run.RunId;
import java.util.Arrays;
import java.util.function.Predicate;

/** What an observation amounts to. The first state that holds, in this order, is the run's. */
enum RunState {
    /** The status says that this run is over: nothing trains again, whatever became of its Job. */
    FINISHED(o -> o.phase()
            .filter(phase -> phase == Phase.SUCCEEDED || phase == Phase.FAILED)
            .isPresent()),

    SUCCEEDED(o -> o.pod().filter(PodFacts::succeeded).isPresent() || ended(o, JobFacts.End.COMPLETE)),

    /** A Job that is on its way out fails for that alone: its pod was told to end. */
    FAILED(o -> ended(o, JobFacts.End.FAILED) && !isLeaving(o) || hasFinalExitCode(o)),

    SUSPENDED(o -> o.spec().suspend()),

    /** Jobs or pods of another run are there, and may hold the devices and the output. */
    REPLACING(o -> !o.staleJobs().isEmpty() || !o.stalePods().isEmpty()),

    /** The spec goes beyond what the administrator allows, and nothing of it runs. */
    NOT_ALLOWED(o -> (o.job().isEmpty() || !hasRun(o)) && !Limits.breaches(o).isEmpty()),

    /** The Job is on its way out; its successor cannot have its name yet. */
    LEAVING(RunState::isLeaving),

    ABSENT(o -> o.job().isEmpty()),

    /** The Job was made for another pod or queue than is now asked for, and no pod of it is at work. */
    OUTDATED(o -> !atWork(o)
            && o.job()
                    .filter(job -> !RunId.podHash(o.resource()).equals(job.podHash()))
                    .isPresent()),

    QUEUED(Queueing::waits),

    /** The Job is still suspended although nobody asks for it. */
    HELD(RunState::jobSuspended),

    /** The pod was told to end and does not: the Job waits for it, and so does the run. */
    STUCK(o -> o.stuckPod().isPresent()),

    RUNNING(o -> o.pod().filter(PodFacts::running).isPresent()),

    /** The container ended, and the Job has yet to start another or to give up. */
    RETRYING(o -> o.pod()
            .filter(pod -> pod.termination() != null || pod.life() != PodFacts.Life.ALIVE)
            .isPresent()),

    /** No container runs yet. */
    STARTING(o -> true);

    private final Predicate<Observation> holds;

    RunState(Predicate<Observation> holds) {
        this.holds = holds;
    }

    static RunState of(Observation observation) {
        return Arrays.stream(values())
                .filter(state -> state.holds.test(observation))
                .findFirst()
                .orElseThrow();
    }

    private static boolean ended(Observation o, JobFacts.End end) {
        return o.job().filter(job -> job.end() == end).isPresent();
    }

    private static boolean isLeaving(Observation o) {
        return o.job().filter(JobFacts::isLeaving).isPresent();
    }

    private static boolean jobSuspended(Observation o) {
        return o.job()
                .filter(job -> job.suspension() == JobFacts.Suspension.SUSPENDED)
                .isPresent();
    }

    private static boolean hasFinalExitCode(Observation o) {
        return o.termination()
                .filter(end ->
                        ExitCode.of(end.exitCode()).filter(ExitCode::isFinal).isPresent())
                .isPresent();
    }

    private static boolean atWork(Observation o) {
        return o.pod()
                .filter(pod -> pod.started() && pod.life() != PodFacts.Life.OVER)
                .isPresent();
    }

    private static boolean hasRun(Observation o) {
        boolean seen = o.status().filter(status -> status.startTime() != null).isPresent();
        boolean runs = o.pod().filter(PodFacts::started).isPresent();
        return seen || runs || o.job().filter(job -> job.failedPods() > 0).isPresent();
    }
}
