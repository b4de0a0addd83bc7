package dev.socratic.trainer.engine;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.socratic.trainer.checkpoint.HalfPrecision;
import dev.socratic.trainer.quant.Nf4;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;

/** Quantizes on the device where a matrix will stay, to the bits that {@link Nf4} computes. */
public final class Nf4Quantizer {
    /** The values of all patterns of a type of 16 bits. */
    private record Key(Device device, Precision type) {}

    private final TorchEngine engine;
    private final NDManager owner;
    private final TorchScript script;
    private final Map<Key, NDArray> tables = new HashMap<>();

    public Nf4Quantizer(TorchEngine engine, NDManager owner) {
        this.engine = engine;
        this.owner = owner;
        this.script = TorchScript.load(owner, "Nf4Quantizer");
    }

    /**
     * Numbers on a device from their bytes.
     *
     * @param bytes little-endian, in a direct buffer that may be used again when this returns
     * @param stored the type that the bytes are of
     * @param type the type that the numbers are rounded to
     */
    public NDArray upload(NDManager scope, ByteBuffer bytes, Precision stored, Precision type, Device device) {
        try (NDManager host = engine.root().newSubManager(Device.cpu())) {
            if (stored == Precision.FLOAT32) {
                NDArray floats = host.create(bytes, new Shape(bytes.remaining() / Float.BYTES), DataType.FLOAT32);
                return engine.tensors().cast(scope, placed(host, floats, device), type);
            }
            NDArray patterns = host.create(bytes, new Shape(bytes.remaining()), DataType.UINT8);
            NDArray table = tables.computeIfAbsent(new Key(device, stored), this::table);
            return script.one(scope, "numbers", placed(host, patterns, device), table, type.scalarType());
        }
    }

    /** A copy: on the host an array has the buffer's own memory. */
    private static NDArray placed(NDManager scope, NDArray here, Device device) {
        NDArray there = here.toDevice(device, true);
        there.attach(scope);
        return there;
    }

    private NDArray table(Key key) {
        float[] values = new float[1 << Short.SIZE];
        for (int bits = 0; bits < values.length; bits++) {
            values[bits] = key.type == Precision.FLOAT16
                    ? HalfPrecision.halfToFloat((short) bits)
                    : HalfPrecision.bfloatToFloat((short) bits);
        }
        NDArray table = owner.create(values).toDevice(key.device, true);
        table.attach(owner);
        return table;
    }

    /** Writes the codes of whole blocks x [n] into {@code packed} from byte {@code at} on; gives the blocks' scales. */
    public float[] quantize(NDArray x, NDArray packed, long at) {
        try (NDManager scope = engine.root().newSubManager(x.getDevice())) {
            NDArray thresholds = engine.tensors().onDevice(scope, scope.create(Nf4.thresholds()), x.getDevice());
            NDList result = script.call(scope, "quantize", x, thresholds, (double) Nf4.SMALLEST_SCALE);
            NDArray codes = result.get(0);
            NDArray target = engine.tensors().view(scope, packed, at, 1, codes.size());
            engine.tensors().write(target, codes);
            return result.get(1).toFloatArray();
        }
    }
}
