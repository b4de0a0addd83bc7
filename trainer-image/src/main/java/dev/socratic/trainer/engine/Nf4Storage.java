package dev.socratic.trainer.engine;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.socratic.trainer.quant.BlockScales;
import dev.socratic.trainer.quant.DoubleQuant;
import dev.socratic.trainer.quant.Nf4;
import dev.socratic.trainer.quant.Nf4Tensor;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Puts quantized matrices on devices, and with them, once a device, the tables that give their codes a meaning. */
public final class Nf4Storage {
    /** Scales of blocks that share a scale of their own, as bitsandbytes has it. */
    private static final int SCALES_TOGETHER = 256;

    private static final float RANDOM_SCALE = 0.04f;

    private final TorchEngine engine;
    private final NDManager owner;
    private final Map<Device, Weight.Nf4Tables> tables = new HashMap<>();

    public Nf4Storage(TorchEngine engine, NDManager owner) {
        this.engine = engine;
        this.owner = owner;
    }

    public Weight place(Nf4Tensor tensor, long rows, long columns, Precision source, Device device) {
        byte[] whole = Arrays.copyOf(tensor.packed(), blocks(tensor.elements()) * (Nf4.BLOCK / 2));
        return place(bytes(whole, device), tensor.scales(), rows, columns, source, device);
    }

    /** Room for the codes of so many values, in whole blocks, flat. */
    public NDArray allocate(long elements, Device device) {
        return engine.tensors().emptyBytes(owner, device, (long) blocks(elements) * (Nf4.BLOCK / 2));
    }

    private static int blocks(long elements) {
        return Math.toIntExact((elements + Nf4.BLOCK - 1) / Nf4.BLOCK);
    }

    /** @param packed whole blocks, on the device already */
    public Weight place(NDArray packed, BlockScales scales, long rows, long columns, Precision source, Device device) {
        List<NDArray> storage;
        if (scales instanceof BlockScales.DoubleQuantized nested) {
            storage = List.of(
                    packed,
                    bytes(nested.codes(), device),
                    floats(nested.nestedAbsmax(), device),
                    floats(new float[] {nested.offset()}, device));
        } else {
            storage = List.of(packed, floats(scales.absmax(), device));
        }
        return new Weight.Nf4(rows, columns, source, storage, tables.computeIfAbsent(device, this::tables));
    }

    /** Random codes with scales such that values are as large as those of a model at its start. */
    public Weight random(long rows, long columns, Precision source, DoubleQuant doubleQuant, Device device) {
        int blocks = blocks(rows * columns);
        NDArray packed = engine.tensors().bytes(owner, device, (long) blocks * (Nf4.BLOCK / 2));
        List<NDArray> storage;
        if (doubleQuant == DoubleQuant.ON) {
            float[] nested = new float[(blocks + SCALES_TOGETHER - 1) / SCALES_TOGETHER];
            Arrays.fill(nested, RANDOM_SCALE / 4);
            storage = List.of(
                    packed,
                    engine.tensors().bytes(owner, device, blocks),
                    floats(nested, device),
                    floats(new float[] {RANDOM_SCALE}, device));
        } else {
            float[] scales = new float[blocks];
            Arrays.fill(scales, RANDOM_SCALE);
            storage = List.of(packed, floats(scales, device));
        }
        return new Weight.Nf4(rows, columns, source, storage, tables.computeIfAbsent(device, this::tables));
    }

    private Weight.Nf4Tables tables(Device device) {
        float[] levels = Nf4.codebook();
        float[] pairs = new float[256 * 2];
        for (int code = 0; code < 256; code++) {
            pairs[2 * code] = levels[code >> 4];
            pairs[2 * code + 1] = levels[code & 15];
        }
        NDArray table = floats(pairs, device).reshape(new Shape(256, 2));
        table.attach(owner);
        return new Weight.Nf4Tables(table, floats(Nf4.dynamicMap(), device));
    }

    private NDArray bytes(byte[] values, Device device) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(values.length).put(values).flip();
        return placed(owner.create(buffer, new Shape(values.length), DataType.UINT8), device);
    }

    private NDArray floats(float[] values, Device device) {
        return placed(owner.create(values), device);
    }

    private NDArray placed(NDArray array, Device device) {
        NDArray placed = engine.tensors().onDevice(owner, array, device);
        if (placed != array) {
            array.close();
        }
        return placed;
    }
}
