package dev.socratic.trainer.engine;

import ai.djl.ndarray.NDArray;

/** The output embedding [vocabulary, H] and the bound c of logits by c * tanh(z / c), 0 for none. */
public record HeadWeight(NDArray matrix, double softcap) {}
