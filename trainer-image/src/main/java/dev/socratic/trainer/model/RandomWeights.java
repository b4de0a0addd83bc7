package dev.socratic.trainer.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.trainer.engine.Nf4Storage;
import dev.socratic.trainer.engine.Precision;
import dev.socratic.trainer.engine.TorchEngine;
import dev.socratic.trainer.engine.Weight;
import dev.socratic.trainer.quant.DoubleQuant;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Weights drawn at random on their devices: a model of any shape without a file, to measure with. The seed is the tensor's
 * name, so that a division among devices of one kind does not change them.
 */
final class RandomWeights implements WeightSource {
    /** initializer_range of transformers' configurations. */
    private static final double DEVIATION = 0.02;

    private final TorchEngine engine;
    private final NDManager owner;
    private final SocraticFineTuneSpec spec;
    private final Precision dtype;
    private final Precision stream;
    private final Nf4Storage nf4;
    private long parameters;

    RandomWeights(TorchEngine engine, NDManager owner, SocraticFineTuneSpec spec, Precision stream) {
        this.engine = engine;
        this.owner = owner;
        this.spec = spec;
        this.dtype = Precision.of(spec.model().dtype());
        this.stream = stream;
        this.nf4 = new Nf4Storage(engine, owner);
    }

    @Override
    public Weight linear(String name, long rows, long columns, Device device) {
        engine.tensors().seed(owner, name.hashCode());
        parameters += rows * columns;
        if (spec.quantization() == null) {
            return new Weight.Dense(engine.tensors().normal(owner, device, rows, columns, DEVIATION, dtype));
        }
        DoubleQuant doubleQuant = spec.quantization().doubleQuant() ? DoubleQuant.ON : DoubleQuant.OFF;
        return nf4.random(rows, columns, dtype, doubleQuant, device);
    }

    @Override
    public NDArray vector(String name, long size, Device device) {
        engine.tensors().seed(owner, name.hashCode());
        parameters += size;
        try (NDManager scope = engine.root().newSubManager()) {
            NDArray vector = engine.tensors()
                    .normal(scope, device, 1, size, DEVIATION, stream)
                    .reshape(new Shape(size));
            vector.attach(owner);
            return vector;
        }
    }

    @Override
    public NDArray embedding(String name, long rows, long columns, Device device) {
        engine.tensors().seed(owner, name.hashCode());
        parameters += rows * columns;
        return engine.tensors().normal(owner, device, rows, columns, DEVIATION, dtype);
    }

    @Override
    public void replaceEmbedding(Optional<Path> adapterFile, String module, NDArray embedding) {
        // there is no adapter to take one from
    }

    @Override
    public boolean hasOwnHead() {
        return false;
    }

    @Override
    public long parameters() {
        return parameters;
    }

    @Override
    public void close() {
        // tensors belong to the model
    }
}
