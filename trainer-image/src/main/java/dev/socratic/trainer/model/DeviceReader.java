package dev.socratic.trainer.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.socratic.trainer.checkpoint.StoredTensor;
import dev.socratic.trainer.engine.Nf4Quantizer;
import dev.socratic.trainer.engine.Nf4Storage;
import dev.socratic.trainer.engine.Precision;
import dev.socratic.trainer.engine.TorchEngine;
import dev.socratic.trainer.engine.Weight;
import dev.socratic.trainer.quant.DoubleQuant;
import dev.socratic.trainer.quant.Nf4;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Optional;

/**
 * Takes tensors of a checkpoint to a GPU as the bytes they are, in parts of constant size, and casts and quantizes them
 * there.
 */
final class DeviceReader {
    /** Whole blocks, few enough that what the device makes of them fits in what a step will need. */
    private static final int ELEMENTS_AT_ONCE = 1 << 22;

    private final TorchEngine engine;
    private final NDManager owner;
    private final Nf4Storage nf4;
    private final Nf4Quantizer quantizer;
    private final Precision dtype;
    private final ByteBuffer part =
            ByteBuffer.allocateDirect(ELEMENTS_AT_ONCE * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);

    /** @param dtype the type that values are rounded to first */
    DeviceReader(TorchEngine engine, NDManager owner, Nf4Storage nf4, Precision dtype) {
        this.engine = engine;
        this.owner = owner;
        this.nf4 = nf4;
        this.quantizer = new Nf4Quantizer(engine, owner);
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
    void copy(StoredTensor tensor, long columns, NDArray target) {
        long rowsAtOnce = Math.max(1, ELEMENTS_AT_ONCE / columns);
        long rows = tensor.elements() / columns;
        for (long at = 0; at < rows; at += rowsAtOnce) {
            long now = Math.min(rowsAtOnce, rows - at);
            try (NDManager scope = engine.root().newSubManager(target.getDevice())) {
                NDArray values = values(scope, tensor, at * columns, now * columns, target.getDevice());
                NDArray matrix = engine.tensors().view(scope, values, 0, now, columns);
                engine.tensors().fill(target, at, matrix, dtype);
            }
        }
    }

    Weight quantized(StoredTensor tensor, long rows, long columns, DoubleQuant doubleQuant, Device device) {
        NDArray packed = nf4.allocate(tensor.elements(), device);
        float[] absmax = new float[Math.toIntExact(tensor.elements() / Nf4.BLOCK)];
        for (long at = 0; at < tensor.elements(); at += ELEMENTS_AT_ONCE) {
            long now = Math.min(ELEMENTS_AT_ONCE, tensor.elements() - at);
            try (NDManager scope = engine.root().newSubManager(device)) {
                float[] scales = quantizer.quantize(values(scope, tensor, at, now, device), packed, at / 2);
                System.arraycopy(scales, 0, absmax, (int) (at / Nf4.BLOCK), scales.length);
            }
        }
        return nf4.place(packed, Nf4.scales(absmax, doubleQuant), rows, columns, dtype, device);
    }

    private NDArray values(NDManager scope, StoredTensor tensor, long first, long count, Device device) {
        int size = tensor.dtype().bytes();
        tensor.read(first * size, part.clear().limit(Math.toIntExact(count * size)));
        return quantizer.upload(scope, part.flip(), stored(tensor).orElseThrow(), dtype, device);
    }
}
