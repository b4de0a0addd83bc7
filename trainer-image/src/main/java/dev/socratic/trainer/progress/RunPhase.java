package dev.socratic.trainer.progress;

/** Where a run is, spelled as in {@code /progress}. */
public enum RunPhase {
    /** Finding and downloading the inputs. */
    Resolving,
    /** Reading, quantizing and placing the model. */
    Loading,
    /** Replies before or after the training, or the evaluation loss. */
    Evaluating,
    Training,
    /** Writing adapter, tokenizer and report. */
    Exporting,
    Succeeded,
    Failed
}
