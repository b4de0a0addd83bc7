package dev.socratic.trainer.engine;

import ai.djl.ndarray.NDArray;

/** A root mean square normalization: weight [H], and whether it scales by the weight or by one plus it. */
public record NormWeight(NDArray weight, double epsilon, Scale scale) {
    public enum Scale {
        WEIGHT,
        ONE_PLUS_WEIGHT
    }
}
