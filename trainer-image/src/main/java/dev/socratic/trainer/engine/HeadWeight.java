package dev.socratic.trainer.engine;

import ai.djl.ndarray.NDArray;
import java.util.Optional;

/**
 * The output embedding, and what of its logits is the loss.
 *
 * @param matrix [vocabulary, H]
 * @param softcap the bound c of logits by c * tanh(z / c), 0 for none
 * @param smoothing the share of a token's loss that is the mean of -log p over the vocabulary; the rest is -log p of its
 *     label
 * @param gradient like the matrix, where it is trained; {@link Ops#lossAndGradient} adds to it, in its type
 */
public record HeadWeight(NDArray matrix, double softcap, double smoothing, Optional<NDArray> gradient) {
    public HeadWeight(NDArray matrix, double softcap) {
        this(matrix, softcap, 0, Optional.empty());
    }
}
