package dev.socratic.trainer.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.util.Arrays;

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

    /** The same bytes as a stored tensor has. */
    public static TensorToWrite copyOf(StoredTensor tensor) {
        int step = 1 << 26;
        return new TensorToWrite(tensor.dtype(), tensor.shape(), channel -> {
            for (long at = 0; at < tensor.byteSize(); at += step) {
                writeAll(channel, tensor.bytes(at, (int) Math.min(step, tensor.byteSize() - at)));
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
