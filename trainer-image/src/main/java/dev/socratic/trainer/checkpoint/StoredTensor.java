package dev.socratic.trainer.checkpoint;

import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * A tensor in a mapped file: row-major, little-endian, possibly larger than 2 GiB. Nothing is read before it is asked
 * for. Valid until its {@link Checkpoint} is closed.
 */
public final class StoredTensor {
    private static final int ELEMENTS_AT_A_TIME = 1 << 20;

    private final String name;
    private final DType dtype;
    private final long[] shape;
    private final long elements;
    private final MappedFile file;
    private final long begin;

    StoredTensor(TensorEntry entry, MappedFile file) {
        this.name = entry.name();
        this.dtype = entry.dtype();
        this.shape = entry.shape();
        this.elements = entry.size() / dtype.bytes();
        this.file = file;
        this.begin = entry.begin();
    }

    public String name() {
        return name;
    }

    public DType dtype() {
        return dtype;
    }

    public long[] shape() {
        return shape.clone();
    }

    public long elements() {
        return elements;
    }

    public long byteSize() {
        return elements * dtype.bytes();
    }

    /** The file that holds the tensor, for messages. */
    public Path file() {
        return file.path();
    }

    /**
     * A read-only little-endian direct view of part of the tensor.
     *
     * @param offset in bytes from the tensor's first
     */
    public ByteBuffer bytes(long offset, int length) {
        if (offset < 0 || length < 0 || offset + length > byteSize()) {
            throw new IndexOutOfBoundsException(
                    "bytes " + offset + " to " + (offset + length) + " of " + byteSize() + " in " + name);
        }
        return file.slice(begin + offset, length);
    }

    /**
     * Fills the buffer with part of the tensor. Unlike what {@link #bytes} shows, that leaves no more of the file in
     * memory than the buffer: the way through large tensors.
     *
     * @param offset in bytes from the tensor's first
     */
    public void read(long offset, ByteBuffer target) {
        file.read(begin + offset, target);
    }

    private static ByteBuffer buffer(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** All values, row-major; exact for F32, F16 and BF16. */
    public float[] toFloats() {
        return toFloats(DType.F32);
    }

    /**
     * All values after rounding each to {@code castThrough}, as {@code tensor.to(dtype)} in torch would.
     *
     * @param castThrough F32 to leave them as they are, F16 or BF16
     */
    public float[] toFloats(DType castThrough) {
        float[] values = new float[asArrayLength(elements)];
        int parts = (values.length + ELEMENTS_AT_A_TIME - 1) / ELEMENTS_AT_A_TIME;
        IntStream.range(0, parts).parallel().forEach(part -> {
            int from = part * ELEMENTS_AT_A_TIME;
            int count = Math.min(ELEMENTS_AT_A_TIME, values.length - from);
            copy(from, values, from, count, castThrough);
        });
        return values;
    }

    /**
     * Copies values {@code first} to {@code first + count - 1} of the flat tensor into {@code target} at {@code at}. For
     * tensors that are taken in parts, such as single rows of an embedding.
     *
     * @param castThrough as for {@link #toFloats(DType)}
     */
    public void copy(long first, float[] target, int at, int count, DType castThrough) {
        values(castThrough).copy(first, target, at, count);
    }

    /** The same for many parts, through buffers that are kept from one to the next: for one thread. */
    public Values values(DType castThrough) {
        requireFloatingPoint();
        return new TensorValues(this, castThrough);
    }

    /** Whether both have the same type, shape and bytes. */
    public boolean hasContentOf(StoredTensor other) {
        if (dtype != other.dtype || !Arrays.equals(shape, other.shape)) {
            return false;
        }
        ByteBuffer mine = buffer(ELEMENTS_AT_A_TIME);
        ByteBuffer theirs = buffer(ELEMENTS_AT_A_TIME);
        for (long at = 0; at < byteSize(); at += ELEMENTS_AT_A_TIME) {
            int now = (int) Math.min(ELEMENTS_AT_A_TIME, byteSize() - at);
            read(at, mine.clear().limit(now));
            other.read(at, theirs.clear().limit(now));
            if (!mine.flip().equals(theirs.flip())) {
                return false;
            }
        }
        return true;
    }

    private void requireFloatingPoint() {
        if (!dtype.isFloatingPoint()) {
            throw Problem.of(FailureReason.InvalidData, "tensor " + name + " does not hold floating-point weights")
                    .where(file.path().toString())
                    .found(dtype)
                    .allowed("F32, F16, BF16, F64")
                    .remedy("use the model's unquantized safetensors files")
                    .failure();
        }
    }

    private int asArrayLength(long count) {
        if (count > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException(
                    name + " has " + count + " values, too many for one array: copy it in parts");
        }
        return (int) count;
    }

    @Override
    public String toString() {
        return name + " " + dtype + " " + Arrays.toString(shape);
    }
}
