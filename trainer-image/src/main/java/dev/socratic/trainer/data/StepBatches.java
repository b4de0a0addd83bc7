package dev.socratic.trainer.data;

import java.util.List;

/**
 * What one optimizer step learns from.
 *
 * @param micro the batches whose gradients are summed, each with a label at least; none if every label is cut off
 * @param inputTokens of all its examples, without padding
 * @param epoch epochs done after this step, and the share of the next one's batches
 */
public record StepBatches(List<Batch> micro, int inputTokens, double epoch) {
    /** Labels that enter the loss: the divisor of the step's loss. */
    public int tokens() {
        return micro.stream().mapToInt(Batch::learnedTokens).sum();
    }
}
