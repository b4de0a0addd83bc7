package dev.socratic.trainer.engine;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.socratic.trainer.quant.BlockScales;
import dev.socratic.trainer.quant.Nf4;
import dev.socratic.trainer.quant.Nf4Blocks;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.stream.IntStream;

/**
 * NF4 matrices on the CPU as dense ones, to the bits of the TorchScript resource {@code Linear}: each value is written
 * once into the tensor's memory, where ATen's operations make several tensors of the matrix's size on the way.
 */
public final class HostNf4 {
    /** Few enough that their values stay in a core's cache until they are written. */
    private static final int BLOCKS_AT_ONCE = 64;

    private static final int PARTS_A_TASK = 16;

    private final Tensors tensors;

    public HostNf4(NDManager owner) {
        this.tensors = new Tensors(owner);
    }

    /** Whether a matrix is on the CPU, and its dense form no larger than a buffer of Java's. */
    static boolean holds(Weight.Nf4 weight) {
        return !weight.storage().get(0).getDevice().isGpu()
                && weight.rows() * weight.columns() <= Integer.MAX_VALUE / Float.BYTES;
    }

    /** [rows, columns], every value rounded to {@code type}. */
    public NDArray dense(NDManager scope, Weight.Nf4 weight, Precision type) {
        NDArray dense = tensors.allocate(scope, Device.cpu(), weight.rows(), weight.columns(), type);
        ByteBuffer packed = memory(weight.storage().get(0));
        ByteBuffer target = memory(dense);
        float[] absmax = scales(weight.storage()).absmax();
        int parts = (absmax.length + BLOCKS_AT_ONCE - 1) / BLOCKS_AT_ONCE;
        IntStream.range(0, (parts + PARTS_A_TASK - 1) / PARTS_A_TASK).parallel().forEach(task -> {
            Part part = Part.of(type);
            int end = Math.min(parts, (task + 1) * PARTS_A_TASK);
            for (int i = task * PARTS_A_TASK; i < end; i++) {
                part.write(packed, absmax, i * BLOCKS_AT_ONCE, target);
            }
        });
        return dense;
    }

    private static ByteBuffer memory(NDArray array) {
        return array.toByteBuffer(true).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static BlockScales scales(List<NDArray> storage) {
        if (storage.size() == 2) {
            return new BlockScales.Plain(storage.get(1).toFloatArray());
        }
        ByteBuffer memory = memory(storage.get(1));
        byte[] codes = new byte[memory.remaining()];
        memory.get(codes);
        return new BlockScales.DoubleQuantized(
                codes, storage.get(2).toFloatArray(), storage.get(3).toFloatArray()[0]);
    }

    /**
     * One task's buffers.
     *
     * @param floats values of float32
     * @param halves values of 16 bits, two in an int
     */
    private record Part(Precision type, byte[] packed, float[] floats, int[] halves) {
        static Part of(Precision type) {
            int values = BLOCKS_AT_ONCE * Nf4.BLOCK;
            return new Part(type, new byte[values / 2], new float[values], new int[values / 2]);
        }

        /** Dequantizes blocks from the first on; the last of the matrix may be longer than what is left of it. */
        void write(ByteBuffer source, float[] absmax, int first, ByteBuffer target) {
            int blocks = Math.min(BLOCKS_AT_ONCE, absmax.length - first);
            source.get(first * Nf4Blocks.BYTES, packed, 0, blocks * Nf4Blocks.BYTES);
            int at = first * Nf4.BLOCK;
            if (type == Precision.FLOAT32) {
                Nf4Blocks.toFloats(packed, blocks, absmax, first, floats);
                var memory = target.asFloatBuffer();
                memory.put(at, floats, 0, Math.min(blocks * Nf4.BLOCK, memory.limit() - at));
            } else {
                Nf4Blocks.toHalves(packed, blocks, absmax, first, type.stored(), halves);
                int values = Math.min(blocks * Nf4.BLOCK, target.limit() / Short.BYTES - at);
                target.asIntBuffer().put(at / 2, halves, 0, values / 2);
                if (values % 2 == 1) {
                    target.putShort((at + values - 1) * Short.BYTES, (short) halves[values / 2]);
                }
            }
        }
    }
}
