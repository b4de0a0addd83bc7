package dev.socratic.trainer.placement;

/** What a plan may count on GPUs computing with. */
public enum Kernels {
    /** Kernels of our own and attention that writes no scores, which need the least memory. */
    OURS,
    /** libtorch's operations alone; GPUs that have some kernels but none for attention are counted so too. */
    TORCH
}
