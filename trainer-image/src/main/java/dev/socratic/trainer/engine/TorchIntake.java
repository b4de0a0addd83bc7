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
import java.nio.ByteOrder;
import java.util.EnumMap;
import java.util.Map;

/** By libtorch's operations, on any device. */
final class TorchIntake implements Intake {
    /** Whole blocks, few enough that what the device makes of them fits in what a step will need. */
    private static final int ELEMENTS_AT_ONCE = 1 << 22;

    private final TorchEngine engine;
    private final NDManager owner;
    private final Device device;
    private final TorchScript script;
    private final NDArray thresholds;
    private final ByteBuffer part =
            ByteBuffer.allocateDirect(ELEMENTS_AT_ONCE * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    /** The values of all patterns of a type of 16 bits. */
    private final Map<Precision, NDArray> tables = new EnumMap<>(Precision.class);

    TorchIntake(TorchEngine engine, Device device) {
        this.engine = engine;
        this.owner = engine.root().newSubManager();
        this.device = device;
        this.script = TorchScript.load(owner, "TorchIntake");
        this.thresholds = engine.tensors().onDevice(owner, owner.create(Nf4.thresholds()), device);
    }

    @Override
    public void fill(Numbers numbers, NDArray target) {
        long columns = target.getShape().get(1);
        long rowsAtOnce = Math.max(1, ELEMENTS_AT_ONCE / columns);
        long rows = numbers.count() / columns;
        for (long at = 0; at < rows; at += rowsAtOnce) {
            long now = Math.min(rowsAtOnce, rows - at);
            try (NDManager scope = engine.root().newSubManager(device)) {
                NDArray values = values(scope, numbers, at * columns, now * columns);
                NDArray matrix = engine.tensors().view(scope, values, 0, now, columns);
                engine.tensors().fill(target, at, matrix, numbers.rounded());
            }
        }
    }

    @Override
    public float[] quantize(Numbers numbers, NDArray packed) {
        float[] absmax = new float[Math.toIntExact(numbers.count() / Nf4.BLOCK)];
        for (long at = 0; at < numbers.count(); at += ELEMENTS_AT_ONCE) {
            long now = Math.min(ELEMENTS_AT_ONCE, numbers.count() - at);
            try (NDManager scope = engine.root().newSubManager(device)) {
                NDArray values = values(scope, numbers, at, now);
                NDList result = script.call(scope, "quantize", values, thresholds, (double) Nf4.SMALLEST_SCALE);
                NDArray codes = result.get(0);
                NDArray target = engine.tensors().view(scope, packed, at / 2, 1, codes.size());
                engine.tensors().write(target, codes);
                float[] scales = result.get(1).toFloatArray();
                System.arraycopy(scales, 0, absmax, (int) (at / Nf4.BLOCK), scales.length);
            }
        }
        return absmax;
    }

    private NDArray values(NDManager scope, Numbers numbers, long first, long count) {
        int size = numbers.stored().bytes();
        numbers.source().read(first * size, part.clear().limit(Math.toIntExact(count * size)));
        part.flip();
        try (NDManager host = engine.root().newSubManager(Device.cpu())) {
            if (numbers.stored() == Precision.FLOAT32) {
                NDArray floats = host.create(part, new Shape(count), DataType.FLOAT32);
                return engine.tensors().cast(scope, placed(host, floats), numbers.rounded());
            }
            NDArray patterns = host.create(part, new Shape(part.remaining()), DataType.UINT8);
            NDArray table = tables.computeIfAbsent(numbers.stored(), this::table);
            return script.one(
                    scope,
                    "numbers",
                    placed(host, patterns),
                    table,
                    numbers.rounded().scalarType());
        }
    }

    /** A copy: on the host an array has the buffer's own memory. */
    private NDArray placed(NDManager scope, NDArray here) {
        NDArray there = here.toDevice(device, true);
        there.attach(scope);
        return there;
    }

    private NDArray table(Precision type) {
        float[] values = new float[1 << Short.SIZE];
        for (int bits = 0; bits < values.length; bits++) {
            values[bits] = type == Precision.FLOAT16
                    ? HalfPrecision.halfToFloat((short) bits)
                    : HalfPrecision.bfloatToFloat((short) bits);
        }
        NDArray table = owner.create(values).toDevice(device, true);
        table.attach(owner);
        return table;
    }

    @Override
    public void close() {
        owner.close();
    }
}
