package dev.socratic.trainer.engine;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.socratic.trainer.checkpoint.DType;
import dev.socratic.trainer.quant.BlockScales;
import dev.socratic.trainer.quant.Nf4;
import dev.socratic.trainer.quant.Nf4Blocks;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * NF4 matrices on the CPU as dense ones, to the bits of the TorchScript resource {@code Linear}: each value is written
 * once, where ATen's operations make several tensors of the matrix's size on the way. A thread's matrices of a type share
 * memory, as large as the largest of them, so that the system clears no fresh pages for each.
 */
public final class HostNf4 {
    /** Few enough that their values stay in a core's cache until they are written. */
    private static final int BLOCKS_AT_ONCE = 64;

    private static final int PARTS_A_TASK = 16;

    private final NDManager owner;
    private final Tensors tensors;
    private final ThreadLocal<Map<Precision, NDArray>> memories =
            ThreadLocal.withInitial(() -> new EnumMap<>(Precision.class));

    public HostNf4(NDManager owner) {
        this.owner = owner;
        this.tensors = new Tensors(owner);
    }

    /** Whether a matrix is on the CPU, and its dense form no larger than a buffer of Java's. */
    static boolean holds(Weight.Nf4 weight) {
        return !weight.storage().get(0).getDevice().isGpu()
                && weight.rows() * weight.columns() <= Integer.MAX_VALUE / Float.BYTES;
    }

    /**
     * [rows, columns], overwritten by this thread's next matrix of the same type.
     *
     * @param rounded what every value is rounded to before it is cast to {@code type}
     */
    public NDArray dense(NDManager scope, Weight.Nf4 weight, Precision rounded, Precision type) {
        NDArray dense =
                tensors.view(scope, memory(type, weight.rows() * weight.columns()), 0, weight.rows(), weight.columns());
        ByteBuffer packed = bytes(weight.storage().get(0));
        ByteBuffer target = bytes(dense);
        float[] absmax = scales(weight.storage()).absmax();
        int parts = (absmax.length + BLOCKS_AT_ONCE - 1) / BLOCKS_AT_ONCE;
        IntStream.range(0, (parts + PARTS_A_TASK - 1) / PARTS_A_TASK).parallel().forEach(task -> {
            Part part = Part.of(rounded, type);
            int end = Math.min(parts, (task + 1) * PARTS_A_TASK);
            for (int i = task * PARTS_A_TASK; i < end; i++) {
                part.write(packed, absmax, i * BLOCKS_AT_ONCE, target);
            }
        });
        return dense;
    }

    private NDArray memory(Precision type, long elements) {
        Map<Precision, NDArray> own = memories.get();
        NDArray memory = own.get(type);
        if (memory == null || memory.size() < elements) {
            if (memory != null) {
                memory.close();
            }
            memory = tensors.allocate(owner, Device.cpu(), elements, 1, type);
            own.put(type, memory);
        }
        return memory;
    }

    private static ByteBuffer bytes(NDArray array) {
        return array.toByteBuffer(true).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static BlockScales scales(List<NDArray> storage) {
        if (storage.size() == 2) {
            return new BlockScales.Plain(storage.get(1).toFloatArray());
        }
        ByteBuffer memory = bytes(storage.get(1));
        byte[] codes = new byte[memory.remaining()];
        memory.get(codes);
        return new BlockScales.DoubleQuantized(
                codes, storage.get(2).toFloatArray(), storage.get(3).toFloatArray()[0]);
    }

    /**
     * One task's buffers.
     *
     * @param packed codes of the blocks that are written at once
     * @param last takes the block in which a matrix ends
     */
    private record Part(DType rounded, DType type, byte[] packed, ByteBuffer last) {
        static Part of(Precision rounded, Precision type) {
            ByteBuffer last = ByteBuffer.allocate(Nf4.BLOCK * type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
            return new Part(rounded.stored(), type.stored(), new byte[BLOCKS_AT_ONCE * Nf4Blocks.BYTES], last);
        }

        /** Dequantizes blocks from the first on. */
        void write(ByteBuffer source, float[] absmax, int first, ByteBuffer target) {
            int blocks = Math.min(BLOCKS_AT_ONCE, absmax.length - first);
            source.get(first * Nf4Blocks.BYTES, packed, 0, blocks * Nf4Blocks.BYTES);
            int at = first * last.capacity();
            int whole = Math.min(blocks, (target.limit() - at) / last.capacity());
            Nf4Blocks.write(packed, whole, absmax, first, rounded, type, target, at);
            if (whole < blocks) {
                System.arraycopy(packed, whole * Nf4Blocks.BYTES, packed, 0, Nf4Blocks.BYTES);
                Nf4Blocks.write(packed, 1, absmax, first + whole, rounded, type, last, 0);
                int end = at + whole * last.capacity();
                target.put(end, last, 0, target.limit() - end);
            }
        }
    }
}
