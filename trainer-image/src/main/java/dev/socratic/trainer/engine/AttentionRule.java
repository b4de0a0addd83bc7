package dev.socratic.trainer.engine;

import ai.djl.ndarray.NDArray;
import java.util.List;
import java.util.Optional;

/**
 * How queries weigh keys.
 *
 * @param scale factor of the scores
 * @param softcap bound c of the scores by c * tanh(s / c), 0 for none
 * @param scores the type that scores are rounded to at each step: that of queries and keys in eager attention
 * @param mask [B or 1, 1, Q, K], true where a query sees a key; absent: causal. Batches are padded on the right, where
 *     causality alone keeps every real token from seeing padding.
 * @param window the sliding window that the mask is, in keys with the query's own; 0 where it is something else
 */
public record AttentionRule(double scale, double softcap, Precision scores, Optional<NDArray> mask, int window) {
    List<NDArray> masks() {
        return mask.map(List::of).orElse(List.of());
    }
}
