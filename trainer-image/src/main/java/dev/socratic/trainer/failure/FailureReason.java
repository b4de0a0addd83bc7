package dev.socratic.trainer.failure;

/**
 * Why a run ended without an adapter. A constant is spelled as it appears in {@code status.conditions[].reason} and in
 * the termination message; its exit code tells the Job's pod failure policy whether another attempt makes sense.
 * The codes are those of BSD's sysexits.h, and 77 stands for memory.
 */
public enum FailureReason {
    /** The resource file cannot be carried out as written. */
    InvalidConfiguration(64),
    /** A line of the dataset cannot be read as a dialogue. */
    InvalidData(65),
    /** An input that is neither model nor dataset is not there: a claim's folder, an initial adapter, a checkpoint. */
    InputNotFound(66),
    ModelNotFound(66),
    DatasetNotFound(66),
    /** The input exists but the credentials do not open it: token missing, wrong, or licence not accepted. */
    AccessDenied(66),
    /** The output folder is read-only, full or owned by someone else. */
    OutputNotWritable(66),
    /** A defect of ours. */
    InternalError(70),
    /** Network trouble, or preempted after a checkpoint: the same command may succeed later. */
    TryAgain(75),
    /** Nothing fits under {@code spec.placement.maxMemory}. */
    OutOfMemory(77);

    private final int exitCode;

    FailureReason(int exitCode) {
        this.exitCode = exitCode;
    }

    public int exitCode() {
        return exitCode;
    }
}
