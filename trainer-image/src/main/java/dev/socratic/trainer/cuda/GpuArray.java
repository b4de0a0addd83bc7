package dev.socratic.trainer.cuda;

import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;

/** A tensor that an operation made, with what the next operation asks of it at hand: asking libtorch takes longer than a launch. */
final class GpuArray extends PtNDArray {
    private final Facts facts;

    /**
     * @param type torch's number of it
     * @param rowStride elements from one index of the last dimension but one to the next
     * @param dense whether elements lie one after the other without gaps
     */
    record Facts(long address, int type, Shape shape, long rowStride, boolean dense) {}

    GpuArray(PtNDManager manager, long handle, Facts facts) {
        super(manager, handle);
        this.facts = facts;
    }

    Facts facts() {
        return facts;
    }

    @Override
    public Shape getShape() {
        return facts.shape;
    }
}
