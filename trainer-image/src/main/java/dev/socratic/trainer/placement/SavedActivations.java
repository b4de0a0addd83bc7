package dev.socratic.trainer.placement;

/** What a forward pass keeps for the backward pass. */
public enum SavedActivations {
    /** The input of each block; the rest of a block is computed again when its turn comes. */
    INPUTS,
    /** Everything. */
    ALL
}
