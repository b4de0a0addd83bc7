package dev.socratic.trainer.engine;

import ai.djl.ndarray.NDArray;

/**
 * @param sum of the cross-entropy over rows, float64 scalar on the device
 * @param gradient of {@code scale * sum} by the hidden rows; null where none was asked for
 */
public record TokenLoss(NDArray sum, NDArray gradient) {}
