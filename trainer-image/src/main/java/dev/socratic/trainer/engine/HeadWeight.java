package dev.socratic.trainer.engine;

import ai.djl.ndarray.NDArray;
import java.util.Optional;

/**
 * The output embedding.
 *
 * @param matrix [vocabulary, H]
 * @param softcap the bound c of logits by c * tanh(z / c), 0 for none
 * @param gradient float32, like the matrix, where it is trained; {@link Ops#lossAndGradient} adds to it
 */
public record HeadWeight(NDArray matrix, double softcap, Optional<NDArray> gradient) {
    public HeadWeight(NDArray matrix, double softcap) {
        this(matrix, softcap, Optional.empty());
    }
}
