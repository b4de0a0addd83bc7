package dev.socratic.trainer.placement;

/**
 * What a run spends memory on beside what it must.
 *
 * @param rows that pass through the model at once
 * @param logitsAtOnce elements of the logits that the head computes at once, on GPUs with kernels of our own
 * @param inFlight most micro-batches on their way at once
 */
record Tactic(Weights weights, int rows, long logitsAtOnce, int inFlight) {
    /** Logits of 16 bits: 1 GiB, 256 MiB and 64 MiB of them. */
    static final long MANY_LOGITS = 1L << 29;

    static final long SOME_LOGITS = 1L << 27;
    static final long FEW_LOGITS = 1L << 25;

    /** Whether quantized weights are dequantized at each use. */
    enum Weights {
        EACH_TIME,
        KEPT
    }

    /** How much longer the head takes than with many logits at once, estimated. */
    double headSlowness() {
        return logitsAtOnce == MANY_LOGITS ? 1 : logitsAtOnce == SOME_LOGITS ? 1.02 : 1.1;
    }
}
