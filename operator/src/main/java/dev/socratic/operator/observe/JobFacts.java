package dev.socratic.operator.observe;

import dev.socratic.operator.run.RunLabels;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobCondition;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.Map;
import java.util.Objects;

/**
 * What matters of a Job.
 *
 * @param deletedAt when it was told to go, or null
 * @param queue label {@link RunLabels#KUEUE_QUEUE}, or null
 * @param podHash annotation {@link RunLabels#POD_HASH}, or null
 * @param takenUpAt when the Job controller first took the Job up, or null
 * @param failedPods pods that failed and count
 * @param livePods pods that are there and not over
 * @param end how it ended, or that it did not
 * @param endReason reason of the condition that ended it or is about to, or null
 * @param endMessage message of that condition, or null
 * @param endedAt when, or null
 */
public record JobFacts(
        String name,
        String uid,
        Suspension suspension,
        Instant deletedAt,
        String queue,
        String podHash,
        Instant createdAt,
        Instant takenUpAt,
        int failedPods,
        int livePods,
        End end,
        String endReason,
        String endMessage,
        Instant endedAt) {

    /** How long a Job may take to go: two minutes are the time that a trainer has for its checkpoint. */
    private static final Duration LATE = Duration.ofMinutes(3);

    private static final Map<String, End> ENDS =
            Map.of("FailureTarget", End.FAILING, "Complete", End.COMPLETE, "Failed", End.FAILED);

    public enum Suspension {
        SUSPENDED,
        RELEASED
    }

    public enum End {
        NONE,
        /** Failed when its pods are gone, which were told to end and count as failed already. */
        FAILING,
        COMPLETE,
        FAILED
    }

    /** Whether it was told to go; it does when all that belongs to it is gone. */
    public boolean isLeaving() {
        return deletedAt != null;
    }

    /** Whether it was told to go and does not. */
    public boolean stuck(Instant now) {
        return isLeaving() && now.isAfter(deletedAt.plus(LATE));
    }

    /** Whether the Job controller knows it and has no pod of it: it could not create one, or lost it. */
    public boolean makesNoPod() {
        return takenUpAt != null && livePods == 0;
    }

    /** Whether Kueue, to whom its {@code suspend} belongs, holds it back. */
    public boolean waitsInQueue() {
        return suspension == Suspension.SUSPENDED && queue != null;
    }

    /** Whether something else may be decided now than before; a Job's count of pods alone is no news. */
    public static boolean differ(Job now, Job before) {
        return !of(now).essence().equals(of(before).essence());
    }

    private JobFacts essence() {
        return new JobFacts(
                name,
                uid,
                suspension,
                deletedAt,
                queue,
                podHash,
                createdAt,
                makesNoPod() ? takenUpAt : null,
                failedPods,
                0,
                end,
                endReason,
                endMessage,
                endedAt);
    }

    static JobFacts of(Job job) {
        ObjectMeta meta = job.getMetadata();
        Map<String, String> labels = Objects.requireNonNullElse(meta.getLabels(), Map.of());
        Map<String, String> annotations = Objects.requireNonNullElse(meta.getAnnotations(), Map.of());
        JobStatus status = Objects.requireNonNullElseGet(job.getStatus(), JobStatus::new);
        JobCondition end = status.getConditions().stream()
                .filter(condition -> "True".equals(condition.getStatus()))
                .filter(condition -> ENDS.containsKey(condition.getType()))
                .max(Comparator.comparing(condition -> ENDS.get(condition.getType())))
                .orElse(null);
        return new JobFacts(
                meta.getName(),
                meta.getUid(),
                Boolean.TRUE.equals(job.getSpec().getSuspend()) ? Suspension.SUSPENDED : Suspension.RELEASED,
                Times.parse(meta.getDeletionTimestamp()),
                labels.get(RunLabels.KUEUE_QUEUE),
                annotations.get(RunLabels.POD_HASH),
                Times.parse(meta.getCreationTimestamp()),
                Times.parse(status.getStartTime()),
                Objects.requireNonNullElse(status.getFailed(), 0),
                Objects.requireNonNullElse(status.getActive(), 0),
                end == null ? End.NONE : ENDS.get(end.getType()),
                end == null ? null : end.getReason(),
                end == null ? null : end.getMessage(),
                end == null ? null : Times.parse(end.getLastTransitionTime()));
    }
}
