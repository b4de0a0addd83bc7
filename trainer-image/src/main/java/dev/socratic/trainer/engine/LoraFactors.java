package dev.socratic.trainer.engine;

import ai.djl.ndarray.NDArray;
import java.util.List;

/**
 * The trainable part of a linear layer, {@code scaling * B A}: float32 views into its device's flat buffers.
 *
 * @param a [r, in]
 * @param b [out, r]
 * @param aGradient like a; backward passes add to it
 * @param bGradient like b
 */
public record LoraFactors(NDArray a, NDArray b, NDArray aGradient, NDArray bGradient, double scaling) {
    List<NDArray> factors() {
        return List.of(a, b);
    }

    List<NDArray> factorsAndGradients() {
        return List.of(a, b, aGradient, bGradient);
    }
}
