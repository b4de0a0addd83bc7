package dev.socratic.trainer.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import dev.socratic.trainer.checkpoint.StoredTensor;
import dev.socratic.trainer.engine.Intake;
import dev.socratic.trainer.engine.Nf4Storage;
import dev.socratic.trainer.engine.Precision;
import dev.socratic.trainer.engine.TorchEngine;
import dev.socratic.trainer.engine.Weight;
import dev.socratic.trainer.quant.DoubleQuant;
import dev.socratic.trainer.quant.Nf4;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Takes tensors of a checkpoint to GPUs, which cast and quantize them; has a buffer once a GPU wants one. */
final class DeviceReader implements AutoCloseable {
    private final TorchEngine engine;
    private final Nf4Storage nf4;
    private final Precision dtype;
    private final Map<Device, Intake> intakes = new HashMap<>();

    /** @param dtype the type that values are rounded to first */
    DeviceReader(TorchEngine engine, Nf4Storage nf4, Precision dtype) {
        this.engine = engine;
        this.nf4 = nf4;
        this.dtype = dtype;
    }

    /** Whether torch has the type of the numbers. */
    static boolean knows(StoredTensor tensor) {
        return stored(tensor).isPresent();
    }

    /** Whether it also consists of whole blocks. */
    static boolean quantizes(StoredTensor tensor) {
        return knows(tensor) && tensor.elements() % Nf4.BLOCK == 0;
    }

    private static Optional<Precision> stored(StoredTensor tensor) {
        return Arrays.stream(Precision.values())
                .filter(type -> type.stored() == tensor.dtype())
                .findFirst();
    }

    /** Fills the first rows of a matrix that is on the device. */
    void copy(StoredTensor tensor, NDArray target) {
        intake(target.getDevice()).fill(numbers(tensor), target);
    }

    Weight quantized(StoredTensor tensor, long rows, long columns, DoubleQuant doubleQuant, Device device) {
        NDArray packed = nf4.allocate(tensor.elements(), device);
        float[] absmax = intake(device).quantize(numbers(tensor), packed);
        return nf4.place(packed, Nf4.scales(absmax, doubleQuant), rows, columns, dtype, device);
    }

    private Intake.Numbers numbers(StoredTensor tensor) {
        return new Intake.Numbers(
                tensor::read, tensor.elements(), stored(tensor).orElseThrow(), dtype);
    }

    private Intake intake(Device device) {
        return intakes.computeIfAbsent(device, engine::intake);
    }

    @Override
    public void close() {
        intakes.values().forEach(Intake::close);
    }
}
