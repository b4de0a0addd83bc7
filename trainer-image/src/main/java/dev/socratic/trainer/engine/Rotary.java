package dev.socratic.trainer.engine;

import ai.djl.ndarray.NDArray;

/** Cosines and sines [B or 1, L, D] of the positions at hand, for rotary position embedding. */
public record Rotary(NDArray cos, NDArray sin) {}
