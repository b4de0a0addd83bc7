package dev.socratic.trainer.engine;

import ai.djl.ndarray.NDArray;
import java.util.List;
import java.util.Optional;

/**
 * How queries weigh keys.
 *
 * @param scale factor of the scores
 * @param softcap bound c of the scores by c * tanh(s / c), 0 for none
 * @param mask [B or 1, 1, Q, K], true where a query sees a key; absent: causal. Batches are padded on the right, where
 *     causality alone keeps every real token from seeing padding.
 */
public record AttentionRule(double scale, double softcap, Optional<NDArray> mask) {
    List<NDArray> masks() {
        return mask.map(List::of).orElse(List.of());
    }
}
