package dev.socratic.operator.observe;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.api.v1alpha1.status.CheckpointStatus;
import dev.socratic.api.v1alpha1.status.Phase;
import dev.socratic.api.v1alpha1.status.SocraticFineTuneStatus;
import dev.socratic.operator.progress.TrainerReport;
import dev.socratic.operator.run.Run;
import dev.socratic.operator.settings.Allowed;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Everything that a decision is made from, at one moment.
 *
 * @param allowed what the administrator lets resources set
 * @param job the run's Job
 * @param staleJobs Jobs of earlier runs, or of an earlier resource of the same name
 * @param pod the newest pod of {@code job}
 * @param stalePods pods that still hold devices but belong to another Job
 * @param polled what the trainer in {@code pod} last answered
 * @param missing what a run that does not start needs and does not find
 * @param queueHold why Kueue does not let the Job start
 * @param warning what Kubernetes says of a run that does not start
 * @param rushEnd until when at most what can wait shall wait, as many runs are being started
 */
public record Observation(
        Run run,
        Allowed allowed,
        Optional<JobFacts> job,
        List<JobFacts> staleJobs,
        Optional<PodFacts> pod,
        List<PodFacts> stalePods,
        Optional<TrainerReport> polled,
        List<MissingReference> missing,
        Optional<QueueHold> queueHold,
        Optional<Warning> warning,
        Instant rushEnd,
        Instant now) {

    public SocraticFineTune resource() {
        return run.resource();
    }

    public SocraticFineTuneSpec spec() {
        return run.spec();
    }

    /** The status that was last written about this run; empty for a run that has none yet. */
    public Optional<SocraticFineTuneStatus> status() {
        return Optional.ofNullable(resource().getStatus())
                .filter(status -> run.id().toString().equals(status.runId()));
    }

    /** When the trainer of a new run began to run, as long as the resource does not say so. */
    public Optional<Instant> newsOfStart() {
        return told() ? Optional.empty() : pod.map(PodFacts::runningSince);
    }

    public boolean told() {
        return told(resource());
    }

    /** Whether a resource has a status that an operator wrote, and not only what the API server fills in. */
    public static boolean told(SocraticFineTune resource) {
        return Optional.ofNullable(resource.getStatus())
                .map(SocraticFineTuneStatus::runId)
                .isPresent();
    }

    /** Whether there is a rush, and what there is to tell of a new run waits for its end. */
    public boolean waitsForRush() {
        return !told() && now.isBefore(rushEnd);
    }

    public Optional<Phase> phase() {
        return status().map(SocraticFineTuneStatus::phase);
    }

    public Optional<Termination> termination() {
        return pod.map(PodFacts::termination);
    }

    /** A pod of this or another run that was told to end and does not. */
    public Optional<PodFacts> stuckPod() {
        return pods().filter(candidate -> candidate.stuck(now)).findFirst();
    }

    /** A Job of this or another run that was told to go and does not, although no pod of it is left. */
    public Optional<JobFacts> stuckJob() {
        return pods().anyMatch(left -> left.life() != PodFacts.Life.OVER)
                ? Optional.empty()
                : Stream.concat(staleJobs.stream(), job.stream())
                        .filter(candidate -> candidate.stuck(now))
                        .findFirst();
    }

    /** Pods of this or another run that Kubernetes has given up with their nodes. */
    public Stream<PodFacts> lostPods() {
        return pods().filter(PodFacts::lost);
    }

    /** Pods that nobody will end: their Job was deleted, and they were left. */
    public Stream<PodFacts> orphans() {
        return stalePods.stream().filter(pod -> pod.jobUid() == null && pod.life() == PodFacts.Life.ALIVE);
    }

    private Stream<PodFacts> pods() {
        return Stream.concat(stalePods.stream(), pod.stream());
    }

    /** The trainer's newest words: its last ones if it ended, else what it answered. */
    public Optional<TrainerReport> report() {
        return termination().flatMap(Termination::report).or(() -> polled);
    }

    /** The run's last checkpoint: the one that its trainer knows of, or until it has looked the one that was told of. */
    public Optional<CheckpointStatus> checkpoint() {
        Optional<TrainerReport> looked = report().filter(TrainerReport::hasLookedForCheckpoints);
        return looked.isPresent()
                ? looked.map(TrainerReport::checkpoint)
                : status().map(SocraticFineTuneStatus::checkpoint);
    }
}
