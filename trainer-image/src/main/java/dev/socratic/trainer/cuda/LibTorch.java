package dev.socratic.trainer.cuda;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;

/**
 * Addresses and strides of tensors, and new tensors without a detour, by libtorch's stable C interface
 * (torch/csrc/inductor/aoti_torch/c/shim.h), whose handles are the pointers to tensors that DJL holds. Results come back
 * through memory of its own: each device, which one thread at a time works for, has one.
 */
final class LibTorch {
    private static final int CUDA = 1;
    private static final int MOST_DIMENSIONS = 4;

    private final Memory result = new Memory(Long.BYTES);
    private final Memory sizes = new Memory((long) MOST_DIMENSIONS * Long.BYTES);
    private final Memory strides = new Memory((long) MOST_DIMENSIONS * Long.BYTES);
    private final long resultAt = Pointer.nativeValue(result);
    private final long sizesAt = Pointer.nativeValue(sizes);
    private final long stridesAt = Pointer.nativeValue(strides);

    LibTorch() {
        Native.register(LibTorch.class, NativeLibrary.getInstance("torch_cpu"));
    }

    private native int aoti_torch_get_data_ptr(long tensor, long result);

    private native int aoti_torch_get_dtype(long tensor, long result);

    private native int aoti_torch_get_strides(long tensor, long result);

    private native int aoti_torch_empty_strided(
            long dimensions, long sizes, long strides, int type, int deviceType, int device, long result);

    private native int aoti_torch__reinterpret_tensor(
            long tensor, long dimensions, long sizes, long strides, long offset, long result);

    private native int aoti_torch_delete_tensor_object(long tensor);

    private native int aoti_torch_new_uninitialized_tensor(long result);

    static long handle(NDArray array) {
        return ((PtNDArray) array).getHandle();
    }

    static NDArray array(NDManager scope, long handle) {
        return new PtNDArray((PtNDManager) scope, handle);
    }

    /** Where a tensor's first element lies, on its device. */
    long address(long tensor) {
        check(aoti_torch_get_data_ptr(tensor, resultAt));
        return result.getLong(0);
    }

    /** The number of a tensor's type, as in {@link dev.socratic.trainer.engine.Precision#scalarType}. */
    int scalarType(long tensor) {
        check(aoti_torch_get_dtype(tensor, resultAt));
        return result.getInt(0);
    }

    /** Elements from one index of a dimension to the next. */
    long stride(long tensor, int dimension) {
        check(aoti_torch_get_strides(tensor, resultAt));
        return new Pointer(result.getLong(0)).getLong((long) dimension * Long.BYTES);
    }

    /** An uninitialized tensor of a GPU, rows one after the other; its handle is the caller's to release. */
    long empty(int device, int scalarType, long... shape) {
        shape(shape);
        check(aoti_torch_empty_strided(shape.length, sizesAt, stridesAt, scalarType, CUDA, device, resultAt));
        return result.getLong(0);
    }

    /** Columns of a matrix [rows, stride] as a view [rows, columns]. */
    long columns(long matrix, long rows, long columns, long stride, long offset) {
        sizes.setLong(0, rows);
        sizes.setLong(Long.BYTES, columns);
        strides.setLong(0, stride);
        strides.setLong(Long.BYTES, 1);
        check(aoti_torch__reinterpret_tensor(matrix, 2, sizesAt, stridesAt, offset, resultAt));
        return result.getLong(0);
    }

    /** What C++ calls an undefined tensor. */
    long undefined() {
        check(aoti_torch_new_uninitialized_tensor(resultAt));
        return result.getLong(0);
    }

    void release(long tensor) {
        aoti_torch_delete_tensor_object(tensor);
    }

    private void shape(long[] shape) {
        long stride = 1;
        for (int i = shape.length - 1; i >= 0; i--) {
            sizes.setLong((long) i * Long.BYTES, shape[i]);
            strides.setLong((long) i * Long.BYTES, stride);
            stride *= shape[i];
        }
    }

    private static void check(int error) {
        if (error != 0) {
            throw new IllegalStateException("libtorch could not make or read a tensor: is the GPU out of memory?");
        }
    }
}
