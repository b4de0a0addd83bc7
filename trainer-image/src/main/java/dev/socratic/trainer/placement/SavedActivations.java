package dev.socratic.trainer.placement;

/** What a forward pass keeps of a block for the backward pass, from the least to the most. */
public enum SavedActivations {
    /** The block's input; the rest is computed again when its turn comes. */
    INPUTS,
    /** What the halves of the block add. With them inputs follow from earlier ones: one of several blocks keeps its own. */
    BRANCHES,
    /** Input, branches and all other results of matrix products and attention, without what takes little to compute again. */
    PRODUCTS,
    /** Everything. */
    ALL;

    /** Whether matrix products and attention are not computed again. */
    public boolean keepsProducts() {
        return compareTo(PRODUCTS) >= 0;
    }
}
