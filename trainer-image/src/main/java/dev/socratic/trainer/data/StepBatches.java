package dev.socratic.trainer.data;

import java.util.List;

/**
 * What one optimizer step learns from.
 *
 * @param micro the batches whose gradients are summed; fewer than gradientAccumulation at the end of an epoch
 * @param tokens labels that enter the loss, over all of them: the divisor of the step's loss. 0 if every label is cut off
 * @param epoch epochs done after this step, and the share of the next one's batches
 */
public record StepBatches(List<Batch> micro, int tokens, double epoch) {}
