package dev.socratic.trainer.placement;

/** The arrays that a forward and a backward pass make of a block, in bytes; its input is counted by who keeps it. */
interface BlockMemory {
    /** What a forward pass leaves beside the block's input and output. */
    long kept(SavedActivations saved, int rows);

    /** Most that the block's backward pass takes beside what was kept, with the gradient that comes in. */
    long backward(SavedActivations saved, int rows);

    /** Hidden states of so many rows. */
    long hidden(int rows);
}
