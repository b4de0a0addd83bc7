package dev.socratic.trainer.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.util.Arrays;
import java.util.function.Supplier;

/**
 * A tensor for {@link SafetensorsWriter}.
 *
 * @param shape row-major
 * @param content writes exactly shape × dtype bytes, little-endian
 */
public record TensorToWrite(DType dtype, long[] shape, Content content) {
    /** Where the bytes come from; a tensor larger than 2 GiB is written in several buffers. */
    @FunctionalInterface
    public interface Content {
        void writeTo(WritableByteChannel channel) throws IOException;
    }

    public TensorToWrite {
        shape = shape.clone();
    }

    /** @param data remaining bytes are the tensor, little-endian */
    public TensorToWrite(DType dtype, long[] shape, ByteBuffer data) {
        this(dtype, shape, channel -> writeAll(channel, data.duplicate()));
        if (data.remaining() != byteSize()) {
            throw new IllegalArgumentException(
                    data.remaining() + " bytes given for " + dtype + " " + Arrays.toString(shape));
        }
    }

    public static TensorToWrite floats(long[] shape, float[] values) {
        ByteBuffer data = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        data.asFloatBuffer().put(values);
        return new TensorToWrite(DType.F32, shape, data);
    }

    /** Values that are made only when they are written. */
    public static TensorToWrite made(DType dtype, long[] shape, Supplier<float[]> values) {
        return new TensorToWrite(dtype, shape, channel -> {
            float[] made = values.get();
            int step = Math.min(1 << 20, made.length);
            ByteBuffer bytes = ByteBuffer.allocate(step * dtype.bytes()).order(ByteOrder.LITTLE_ENDIAN);
            for (int at = 0; at < made.length; at += step) {
                int count = Math.min(step, made.length - at);
                put(made, at, count, dtype, bytes.clear());
                writeAll(channel, bytes.flip());
            }
        });
    }

    /** The same bytes as a stored tensor has. */
    public static TensorToWrite copyOf(StoredTensor tensor) {
        int step = 1 << 20;
        return new TensorToWrite(tensor.dtype(), tensor.shape(), channel -> {
            ByteBuffer part = ByteBuffer.allocateDirect((int) Math.min(step, tensor.byteSize()));
            for (long at = 0; at < tensor.byteSize(); at += step) {
                tensor.read(at, part.clear().limit((int) Math.min(step, tensor.byteSize() - at)));
                writeAll(channel, part.flip());
            }
        });
    }

    /** As {@code tensor.to(dtype)} in torch; converted in parts while it is written. */
    public static TensorToWrite cast(StoredTensor tensor, DType dtype) {
        if (tensor.dtype() == dtype) {
            return copyOf(tensor);
        }
        int step = 1 << 20;
        return new TensorToWrite(dtype, tensor.shape(), channel -> {
            float[] values = new float[(int) Math.min(step, tensor.elements())];
            ByteBuffer bytes =
                    ByteBuffer.allocate(values.length * dtype.bytes()).order(ByteOrder.LITTLE_ENDIAN);
            for (long at = 0; at < tensor.elements(); at += step) {
                int count = (int) Math.min(step, tensor.elements() - at);
                tensor.copy(at, values, 0, count, DType.F32);
                put(values, 0, count, dtype, bytes.clear());
                writeAll(channel, bytes.flip());
            }
        });
    }

    private static void put(float[] values, int from, int count, DType dtype, ByteBuffer target) {
        for (int i = from; i < from + count; i++) {
            switch (dtype) {
                case F32 -> target.putFloat(values[i]);
                case F16 -> target.putShort(HalfPrecision.floatToHalf(values[i]));
                case BF16 -> target.putShort(HalfPrecision.floatToBfloat(values[i]));
                default -> throw new IllegalArgumentException("weights are not written as " + dtype);
            }
        }
    }

    public long byteSize() {
        return Arrays.stream(shape).reduce(dtype.bytes(), Math::multiplyExact);
    }

    private static void writeAll(WritableByteChannel channel, ByteBuffer data) throws IOException {
        while (data.hasRemaining()) {
            channel.write(data);
        }
    }
}
