package dev.socratic.trainer.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.util.Arrays;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * A tensor for {@link SafetensorsWriter}.
 *
 * @param shape row-major
 * @param content writes exactly shape × dtype bytes, little-endian
 */
public record TensorToWrite(DType dtype, long[] shape, Content content) {
    private static final int WRITTEN_AT_ONCE = 1 << 20;
    private static final int ENCODED_AT_ONCE = 1 << 16;

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
        return encoded(dtype, shape, () -> Values.of(values.get()));
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
        return encoded(
                dtype,
                tensor.shape(),
                () -> (first, target, at, count) -> tensor.copy(first, target, at, count, DType.F32));
    }

    /** @param values of any number of threads */
    private static TensorToWrite encoded(DType dtype, long[] shape, Supplier<Values> values) {
        return new TensorToWrite(dtype, shape, channel -> {
            Values source = values.get();
            long elements = Arrays.stream(shape).reduce(1, Math::multiplyExact);
            ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(WRITTEN_AT_ONCE, elements) * dtype.bytes())
                    .order(ByteOrder.LITTLE_ENDIAN);
            for (long at = 0; at < elements; at += WRITTEN_AT_ONCE) {
                int count = (int) Math.min(WRITTEN_AT_ONCE, elements - at);
                encode(source, at, count, dtype, bytes.clear());
                writeAll(channel, bytes.limit(count * dtype.bytes()));
            }
        });
    }

    /** On all cores. */
    private static void encode(Values source, long first, int count, DType dtype, ByteBuffer target) {
        int parts = (count + ENCODED_AT_ONCE - 1) / ENCODED_AT_ONCE;
        IntStream.range(0, parts).parallel().forEach(part -> {
            int at = part * ENCODED_AT_ONCE;
            int now = Math.min(ENCODED_AT_ONCE, count - at);
            float[] values = new float[now];
            source.copy(first + at, values, 0, now);
            if (dtype == DType.F32) {
                target.asFloatBuffer().put(at, values);
            } else {
                short[] bits = new short[now];
                HalfPrecision.toShorts(values, dtype, bits);
                target.asShortBuffer().put(at, bits);
            }
        });
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
