package dev.socratic.operator.decide;

/** Something to change in the cluster. Each is idempotent: doing it again changes nothing. */
public sealed interface Action {
    /** Create whatever is not there of the run's checkpoints claim and Job. */
    record CreateRun() implements Action {}

    /** Set the {@code suspend} of the run's Job. */
    record SuspendJob(String job) implements Action {}

    /** Take the {@code suspend} of the run's Job back. */
    record ResumeJob(String job) implements Action {}

    /** Delete a Job after its pods, which write a checkpoint first; what else the run has stays. */
    record DeleteJob(String job) implements Action {}

    /** Tell a pod to end that no Job has any more; it writes a checkpoint first. */
    record EndPod(String pod) implements Action {}

    /** Declare a pod failed that its node no longer speaks for, so that the Job starts another; and delete it. */
    record GiveUpPod(String pod) implements Action {}

    /** Delete a Job and the checkpoints claim that goes with it. */
    record DeleteRun(String job) implements Action {}
}
