package dev.socratic.trainer.engine;

import ai.djl.ndarray.NDArray;

/** Cosines and sines [B or 1, L, R] of the positions at hand, for rotary position embedding of the first R elements of a head. */
public record Rotary(NDArray cos, NDArray sin) {}
