package dev.socratic.trainer.engine;

import ai.djl.ndarray.NDArray;

/**
 * A root mean square normalization.
 *
 * @param weight [H]
 * @param scale whether it scales by the weight or by one plus it
 * @param output the type of its results
 */
public record NormWeight(NDArray weight, double epsilon, Scale scale, Precision output) {
    public enum Scale {
        WEIGHT,
        ONE_PLUS_WEIGHT
    }
}
