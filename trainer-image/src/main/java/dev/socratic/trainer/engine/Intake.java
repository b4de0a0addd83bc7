package dev.socratic.trainer.engine;

import ai.djl.ndarray.NDArray;
import dev.socratic.trainer.quant.Nf4;
import java.nio.ByteBuffer;

/**
 * Takes the numbers of a checkpoint to one device as the bytes they are, in parts of constant size, and rounds or
 * quantizes them there.
 */
public interface Intake extends AutoCloseable {
    /** The numbers' bytes, little-endian. */
    @FunctionalInterface
    interface Source {
        /** Fills the buffer with those from {@code first} on. */
        void read(long first, ByteBuffer target);
    }

    /**
     * Numbers as a file has them.
     *
     * @param count how many
     * @param stored the type that the bytes are of
     * @param rounded the type that the numbers are rounded to first
     */
    record Numbers(Source source, long count, Precision stored, Precision rounded) {}

    /** Fills the first rows of a dense matrix on the device. */
    void fill(Numbers numbers, NDArray target);

    /**
     * Quantizes whole blocks to the bits that {@link Nf4} computes.
     *
     * @param packed bytes on the device that take the codes, two in each
     * @return the scales of the blocks
     */
    float[] quantize(Numbers numbers, NDArray packed);

    @Override
    void close();
}
