package dev.socratic.trainer.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.trainer.checkpoint.Checkpoint;
import dev.socratic.trainer.checkpoint.StoredTensor;
import dev.socratic.trainer.engine.Nf4Storage;
import dev.socratic.trainer.engine.Precision;
import dev.socratic.trainer.engine.TorchEngine;
import dev.socratic.trainer.engine.Weight;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import dev.socratic.trainer.quant.BlockScales;
import dev.socratic.trainer.quant.DoubleQuant;
import dev.socratic.trainer.quant.Nf4;
import dev.socratic.trainer.quant.Nf4Tensor;
import dev.socratic.trainer.quant.QuantState;
import dev.socratic.trainer.quant.StoredQuantization;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/**
 * Reads tensors of a checkpoint onto devices: cast to the model's type first, then quantized or kept. Large tensors
 * pass through a buffer of constant size.
 */
final class WeightReader implements WeightSource {
    private static final int ELEMENTS_AT_ONCE = 1 << 20;

    private final TorchEngine engine;
    private final NDManager owner;
    private final Checkpoint checkpoint;
    private final StoredQuantization stored;
    private final SocraticFineTuneSpec spec;
    private final Precision dtype;
    private final Precision stream;
    private final Nf4Storage nf4;
    private final DeviceReader onDevice;
    private long parameters;

    WeightReader(
            TorchEngine engine,
            NDManager owner,
            Checkpoint checkpoint,
            StoredQuantization stored,
            SocraticFineTuneSpec spec,
            Precision stream) {
        this.stored = stored;
        this.engine = engine;
        this.owner = owner;
        this.checkpoint = checkpoint;
        this.spec = spec;
        this.dtype = Precision.of(spec.model().dtype());
        this.stream = stream;
        this.nf4 = new Nf4Storage(engine, owner);
        this.onDevice = new DeviceReader(engine, nf4, dtype);
    }

    @Override
    public long parameters() {
        return parameters;
    }

    /**
     * A weight that the checkpoint holds in NF4 is taken as it is; one that it
     * holds unquantized beside such ones is not quantized either.
     */
    @Override
    public Weight linear(String name, long rows, long columns, Device device) {
        parameters += rows * columns;
        if (stored == StoredQuantization.NF4) {
            Optional<QuantState.Matrix> matrix = QuantState.find(checkpoint, name);
            if (matrix.isPresent()) {
                Nf4Tensor tensor = matrix.get().tensor();
                requireShape(name, tensor.shape(), rows, columns);
                requireScales(name, tensor);
                return nf4.place(
                        tensor, rows, columns, Precision.of(matrix.get().source()), device);
            }
            return new Weight.Dense(matrix(tensor(name, rows, columns), rows, columns, device, stream));
        }
        StoredTensor tensor = tensor(name, rows, columns);
        if (spec.quantization() == null) {
            return new Weight.Dense(matrix(tensor, rows, columns, device, dtype));
        }
        DoubleQuant doubleQuant = spec.quantization().doubleQuant() ? DoubleQuant.ON : DoubleQuant.OFF;
        if (device.isGpu() && DeviceReader.quantizes(tensor)) {
            return onDevice.quantized(tensor, rows, columns, doubleQuant, device);
        }
        Nf4Tensor quantized = Nf4.quantize(tensor, dtype.stored(), doubleQuant);
        return nf4.place(quantized, rows, columns, dtype, device);
    }

    private void requireScales(String name, Nf4Tensor tensor) {
        boolean nested = tensor.scales() instanceof BlockScales.DoubleQuantized;
        if (nested != spec.quantization().doubleQuant()) {
            throw Problem.of(FailureReason.InvalidConfiguration, "the checkpoint is quantized otherwise")
                    .where("spec.quantization.doubleQuant")
                    .found(!nested)
                    .allowed(nested + ", as " + name + " is")
                    .failure();
        }
    }

    @Override
    public NDArray vector(String name, long size, Device device) {
        StoredTensor tensor = tensor(name, size);
        parameters += tensor.elements();
        try (NDManager scope = engine.root().newSubManager()) {
            NDArray matrix = matrix(tensor, 1, size, device, stream);
            NDArray vector = matrix.reshape(new Shape(size));
            vector.attach(owner);
            return vector;
        }
    }

    /** Rows that the checkpoint lacks become the mean of the others. */
    @Override
    public NDArray embedding(String name, long rows, long columns, Device device) {
        StoredTensor tensor = checkpoint.has(name) ? checkpoint.tensor(name) : missing(name);
        long known = tensor.shape().length == 2 ? tensor.shape()[0] : 0;
        if (known == 0 || known > rows || tensor.shape()[1] != columns) {
            throw shapeMismatch(tensor, new long[] {rows, columns});
        }
        parameters += rows * columns;
        NDArray matrix = engine.tensors().allocate(owner, device, rows, columns, dtype);
        copy(tensor, columns, matrix, dtype);
        if (known < rows) {
            engine.tensors().fillWithMean(matrix, known);
        }
        return matrix;
    }

    @Override
    public boolean hasOwnHead() {
        return checkpoint.hasDifferent(ModelLoader.HEAD + ".weight", ModelLoader.EMBEDDING + ".weight");
    }

    @Override
    public void close() {
        onDevice.close();
        checkpoint.close();
    }

    /** An adapter of a model whose vocabulary had grown carries the embeddings it was trained with. */
    @Override
    public void replaceEmbedding(Optional<Path> adapterFile, String module, NDArray embedding) {
        String name = LoraAdapter.weightName(module);
        adapterFile.filter(Files::exists).ifPresent(file -> {
            try (Checkpoint adapter = Checkpoint.open(file)) {
                if (adapter.has(name)) {
                    StoredTensor tensor = adapter.tensor(name);
                    long[] shape = embedding.getShape().getShape();
                    if (!Arrays.equals(tensor.shape(), shape)) {
                        throw shapeMismatch(tensor, shape);
                    }
                    copy(tensor, shape[1], embedding, dtype);
                }
            }
        });
    }

    private NDArray matrix(StoredTensor tensor, long rows, long columns, Device device, Precision type) {
        NDArray matrix = engine.tensors().allocate(owner, device, rows, columns, type);
        copy(tensor, columns, matrix, type);
        return matrix;
    }

    /** Fills the first rows of a matrix of a type. */
    private void copy(StoredTensor tensor, long columns, NDArray target, Precision type) {
        if (target.getDevice().isGpu() && DeviceReader.knows(tensor)) {
            onDevice.copy(tensor, target);
            return;
        }
        boolean asItIs = tensor.dtype() == dtype.stored() && type == dtype;
        if (asItIs && !target.getDevice().isGpu() && target.size() * type.bytes() <= Integer.MAX_VALUE) {
            ByteBuffer memory = target.toByteBuffer(true);
            tensor.read(0, memory.limit(Math.toIntExact(tensor.byteSize())));
            return;
        }
        long rows = tensor.elements() / columns;
        int atOnce = (int) Math.max(1, Math.min(rows, ELEMENTS_AT_ONCE / columns));
        for (long at = 0; at < rows; at += atOnce) {
            int now = (int) Math.min(atOnce, rows - at);
            float[] values = new float[Math.toIntExact(now * columns)];
            tensor.copy(at * columns, values, 0, values.length, dtype.stored());
            try (NDManager scope = engine.root().newSubManager(Device.cpu())) {
                engine.tensors().fill(target, at, scope.create(values, new Shape(now, columns)), dtype);
            }
        }
    }

    private StoredTensor tensor(String name, long... shape) {
        StoredTensor tensor = checkpoint.has(name) ? checkpoint.tensor(name) : missing(name);
        requireShape(name, tensor.shape(), shape);
        return tensor;
    }

    private void requireShape(String name, long[] found, long... shape) {
        if (!Arrays.equals(found, shape)) {
            throw shapeMismatch(checkpoint.tensor(name), found, shape);
        }
    }

    private static StoredTensor missing(String name) {
        throw Problem.of(FailureReason.InvalidConfiguration, "the model's checkpoint lacks a tensor")
                .where("spec.model.uri")
                .found("no " + name)
                .remedy("fetch the model again, or check that config.json belongs to these weights")
                .failure();
    }

    private static RuntimeException shapeMismatch(StoredTensor tensor, long[] shape) {
        return shapeMismatch(tensor, tensor.shape(), shape);
    }

    private static RuntimeException shapeMismatch(StoredTensor tensor, long[] found, long[] shape) {
        return Problem.of(FailureReason.InvalidConfiguration, "a tensor's shape does not follow from config.json")
                .where(tensor.file() + ": " + tensor.name())
                .found(Arrays.toString(found))
                .allowed(Arrays.toString(shape))
                .remedy("check that config.json belongs to these weights")
                .failure();
    }
}
