package dev.socratic.trainer.placement;

/** What GPUs compute with. */
public enum Kernels {
    /** Kernels of our own, which need the least memory. */
    OURS,
    /** libtorch's operations alone. */
    TORCH
}
