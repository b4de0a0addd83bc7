package dev.socratic.trainer.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import dev.socratic.trainer.engine.Weight;
import java.nio.file.Path;
import java.util.Optional;

/** Where a model's frozen tensors come from, ready to be used on their devices. */
interface WeightSource extends AutoCloseable {
    /** The weight of a linear layer [rows, columns]. */
    Weight linear(String name, long rows, long columns, Device device);

    /** A norm's weight or a bias, in the type of the residual stream. */
    NDArray vector(String name, long size, Device device);

    /** An embedding [rows, columns] in the model's type. */
    NDArray embedding(String name, long rows, long columns, Device device);

    /** Overwrites an embedding by the one that an adapter's file carries for a module, if it does. */
    void replaceEmbedding(Optional<Path> adapterFile, String module, NDArray embedding);

    /** Frees an embedding in whose place a trained copy is used. */
    default void release(NDArray replaced) {
        replaced.close();
    }

    /** Whether the output embedding is a tensor of its own that differs from the input embedding. */
    boolean hasOwnHead();

    /** Parameters given so far. */
    long parameters();

    @Override
    void close();
}
