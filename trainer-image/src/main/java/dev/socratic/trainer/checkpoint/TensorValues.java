package dev.socratic.trainer.checkpoint;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ShortBuffer;

/** Parts of a stored tensor as floats, for one thread: its buffers serve every part. */
final class TensorValues implements Values {
    private static final int ELEMENTS_READ_AT_ONCE = 1 << 16;
    private static final int SHORTS_AT_A_TIME = 1 << 13;

    private final StoredTensor tensor;
    private final DType dtype;
    private final DType castThrough;
    private ByteBuffer part = ByteBuffer.allocate(0);
    private short[] bits = {};

    TensorValues(StoredTensor tensor, DType castThrough) {
        this.tensor = tensor;
        this.dtype = tensor.dtype();
        this.castThrough = castThrough;
    }

    @Override
    public void copy(long first, float[] target, int at, int count) {
        allocate(Math.min(ELEMENTS_READ_AT_ONCE, count));
        for (int done = 0; done < count; done += ELEMENTS_READ_AT_ONCE) {
            int now = Math.min(ELEMENTS_READ_AT_ONCE, count - done);
            tensor.read((first + done) * dtype.bytes(), part.clear().limit(now * dtype.bytes()));
            convert(part.flip(), target, at + done, now);
        }
        if (castThrough != dtype) {
            HalfPrecision.round(target, at, at + count, castThrough);
        }
    }

    private void allocate(int elements) {
        if (part.capacity() < elements * dtype.bytes()) {
            part = ByteBuffer.allocate(elements * dtype.bytes()).order(ByteOrder.LITTLE_ENDIAN);
            bits = new short[dtype.bytes() == Short.BYTES ? Math.min(SHORTS_AT_A_TIME, elements) : 0];
        }
    }

    private void convert(ByteBuffer source, float[] target, int at, int count) {
        switch (dtype) {
            case F32 -> source.asFloatBuffer().get(target, at, count);
            case F16, BF16 -> convert(source.asShortBuffer(), target, at, count);
            case F64 -> {
                for (int i = 0; i < count; i++) {
                    target[at + i] = (float) source.getDouble(i * Double.BYTES);
                }
            }
            default -> throw new IllegalStateException(dtype + " is no floating-point type");
        }
    }

    /** By way of a small array, over which the JIT makes vector code, which it does not over a buffer. */
    private void convert(ShortBuffer source, float[] target, int at, int count) {
        for (int done = 0; done < count; done += bits.length) {
            int now = Math.min(bits.length, count - done);
            source.get(bits, 0, now);
            if (dtype == DType.F16) {
                HalfPrecision.halvesToFloats(bits, now, target, at + done);
            } else {
                HalfPrecision.bfloatsToFloats(bits, now, target, at + done);
            }
        }
    }
}
