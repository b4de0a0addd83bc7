package dev.socratic.trainer.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.socratic.trainer.engine.Tensors;

/**
 * One array for matrices of equal size and type that stay while much else comes and goes: kept apart they would lie among
 * what is freed after each block, and leave no whole room for the logits.
 */
final class Shelf {
    private final Tensors tensors;
    private final NDManager scope;
    private final long places;
    private NDArray all;
    private long filled;

    Shelf(Tensors tensors, NDManager scope, long places) {
        this.tensors = tensors;
        this.scope = scope;
        this.places = places;
    }

    /** A copy of x [N, H] in the next place; closes x. */
    NDArray put(NDArray x) {
        long rows = x.getShape().get(0);
        long columns = x.getShape().get(1);
        if (all == null) {
            all = tensors.room(scope, x, places * rows * columns);
        }
        NDArray place = tensors.view(scope, all, filled * rows * columns, rows, columns);
        filled++;
        tensors.write(place, x);
        x.close();
        return place;
    }
}
