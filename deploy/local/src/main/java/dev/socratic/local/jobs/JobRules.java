package dev.socratic.local.jobs;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobSpec;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The rules of {@code batch/v1} for non-indexed Jobs: parallelism, completions, back-off, pod failure policy, deadline,
 * suspension, and the order of conditions that the API server accepts ({@code FailureTarget} before {@code Failed},
 * {@code SuccessCriteriaMet} before {@code Complete}).
 */
final class JobRules {
    private static final Duration LONGEST_BACKOFF = Duration.ofMinutes(6);

    private final Duration firstBackoff;

    /** @param firstBackoff wait after the first failed pod; it doubles with each further one (10 s in a cluster) */
    JobRules(Duration firstBackoff) {
        this.firstBackoff = firstBackoff;
    }

    /**
     * @param pods every pod that the Job ever had, in its last known state
     * @param stopped uids of pods that were deleted by an earlier step
     */
    JobStep decide(Job job, List<Pod> pods, Set<String> stopped, Instant now) {
        var present = Optional.ofNullable(job.getStatus()).orElseGet(JobStatus::new);
        var conditions = new JobConditions(present.getConditions(), now);
        if (conditions.isTrue("Complete") || conditions.isTrue("Failed")) {
            return new JobStep(present, 0, List.of(), Optional.empty());
        }
        var tally = Tally.of(job, pods, stopped);
        var status = present.edit()
                .withSucceeded(zeroAsAbsent(tally.succeeded()))
                .withFailed(zeroAsAbsent(tally.failed()))
                .withReady((int) tally.active().stream()
                        .filter(pod -> Pods.ready(pod) && !Pods.terminating(pod))
                        .count())
                .withTerminating(tally.terminating())
                .build();
        return verdict(job.getSpec(), status, tally, conditions, now);
    }

    private JobStep verdict(JobSpec spec, JobStatus status, Tally tally, JobConditions conditions, Instant now) {
        Optional<Ending> ending = ending(spec, status, tally, conditions, now);
        if (ending.isPresent()) {
            return end(ending.get(), status, tally, conditions, now);
        }
        if (Boolean.TRUE.equals(spec.getSuspend())) {
            conditions.set("Suspended", "True", "JobSuspended", "Job suspended");
            status.setStartTime(null);
            return stopPods(status, tally, conditions);
        }
        if (conditions.isTrue("Suspended")) {
            conditions.set("Suspended", "False", "JobResumed", "Job resumed");
            status.setStartTime(Times.text(now));
        } else if (status.getStartTime() == null) {
            status.setStartTime(Times.text(now));
        }
        return run(spec, status, tally, conditions, now);
    }

    private JobStep run(JobSpec spec, JobStatus status, Tally tally, JobConditions conditions, Instant now) {
        int wanted = Math.min(parallelism(spec), completions(spec) - tally.succeeded());
        int missing = Math.max(0, wanted - tally.active().size());
        Optional<Duration> wait = missing == 0 ? Optional.empty() : backoff(tally, now);
        int create = wait.isPresent() ? 0 : missing;
        status.setActive(zeroAsAbsent(tally.active().size() - tally.terminating() + create));
        status.setConditions(conditions.list());
        Optional<Duration> deadline = deadline(spec, status).map(at -> Duration.between(now, at));
        Optional<Duration> again =
                wait.isPresent() && (deadline.isEmpty() || wait.get().compareTo(deadline.get()) < 0) ? wait : deadline;
        return new JobStep(status, create, List.of(), again);
    }

    /** A Job is ended in two writes if pods still run: first the reason, and the end when the last one is gone. */
    private static JobStep end(Ending ending, JobStatus status, Tally tally, JobConditions conditions, Instant now) {
        conditions.set(ending.target(), "True", ending.reason(), ending.message());
        if (!tally.active().isEmpty()) {
            return stopPods(status, tally, conditions);
        }
        conditions.set(ending.end(), "True", ending.reason(), ending.message());
        if (status.getStartTime() == null) {
            status.setStartTime(Times.text(now));
        }
        if (ending.isSuccess()) {
            status.setCompletionTime(Times.text(now));
        }
        status.setActive(null);
        status.setReady(0);
        status.setConditions(conditions.list());
        return new JobStep(status, 0, List.of(), Optional.empty());
    }

    private static JobStep stopPods(JobStatus status, Tally tally, JobConditions conditions) {
        status.setActive(null);
        status.setReady(0);
        status.setConditions(conditions.list());
        List<Pod> running =
                tally.active().stream().filter(pod -> !Pods.terminating(pod)).toList();
        return new JobStep(status, 0, running, Optional.empty());
    }

    private static Optional<Ending> ending(
            JobSpec spec, JobStatus status, Tally tally, JobConditions conditions, Instant now) {
        var decided = conditions.find("FailureTarget").or(() -> conditions.find("SuccessCriteriaMet"));
        if (decided.isPresent()) {
            var target = decided.get();
            return Optional.of(new Ending(target.getType(), target.getReason(), target.getMessage()));
        }
        if (tally.succeeded() >= completions(spec)) {
            return Optional.of(Ending.success());
        }
        if (tally.failJob().isPresent()) {
            return Optional.of(
                    Ending.failure("PodFailurePolicy", tally.failJob().get()));
        }
        int limit = Optional.ofNullable(spec.getBackoffLimit()).orElse(6);
        if (tally.counted() > limit) {
            return Optional.of(Ending.failure("BackoffLimitExceeded", "Job has reached the specified backoff limit"));
        }
        boolean late = !Boolean.TRUE.equals(spec.getSuspend())
                && deadline(spec, status).filter(at -> !now.isBefore(at)).isPresent();
        return late
                ? Optional.of(Ending.failure("DeadlineExceeded", "Job was active longer than specified deadline"))
                : Optional.empty();
    }

    private Optional<Duration> backoff(Tally tally, Instant now) {
        if (tally.counted() == 0 || tally.lastFailure().isEmpty()) {
            return Optional.empty();
        }
        Duration wait = firstBackoff.multipliedBy(1L << Math.min(tally.counted() - 1, 20));
        Instant at = tally.lastFailure().get().plus(wait.compareTo(LONGEST_BACKOFF) > 0 ? LONGEST_BACKOFF : wait);
        return now.isBefore(at) ? Optional.of(Duration.between(now, at)) : Optional.empty();
    }

    private static Optional<Instant> deadline(JobSpec spec, JobStatus status) {
        if (spec.getActiveDeadlineSeconds() == null || status.getStartTime() == null) {
            return Optional.empty();
        }
        return Optional.of(Instant.parse(status.getStartTime()).plusSeconds(spec.getActiveDeadlineSeconds()));
    }

    private static int parallelism(JobSpec spec) {
        return Optional.ofNullable(spec.getParallelism()).orElse(1);
    }

    private static int completions(JobSpec spec) {
        return Optional.ofNullable(spec.getCompletions()).orElse(1);
    }

    private static Integer zeroAsAbsent(int count) {
        return count == 0 ? null : count;
    }

    private record Ending(String target, String reason, String message) {
        static Ending success() {
            return new Ending("SuccessCriteriaMet", "CompletionsReached", "Reached expected number of succeeded pods");
        }

        static Ending failure(String reason, String message) {
            return new Ending("FailureTarget", reason, message);
        }

        boolean isSuccess() {
            return target.equals("SuccessCriteriaMet");
        }

        String end() {
            return isSuccess() ? "Complete" : "Failed";
        }
    }
}
