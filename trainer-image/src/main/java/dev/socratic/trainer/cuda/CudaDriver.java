package dev.socratic.trainer.cuda;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;

/** The CUDA driver's functions that the kernels need, bound once. Addresses are plain numbers. */
final class CudaDriver {
    private static final int MAJOR = 75;
    private static final int MINOR = 76;
    private static final int MULTIPROCESSORS = 16;
    /** Of a function: the most memory that a launch may let its blocks share. */
    private static final int SHARED_BYTES = 8;

    private final NativeLibrary library;
    private final Memory result = new Memory(2 * Long.BYTES);

    CudaDriver() {
        try {
            library = NativeLibrary.getInstance("libcuda.so.1");
            Native.register(CudaDriver.class, library);
        } catch (UnsatisfiedLinkError none) {
            throw new CudaUnavailable("there is no CUDA driver", none);
        }
        check("cuInit", cuInit(0));
    }

    private native int cuInit(int flags);

    private native int cuDeviceGet(Pointer result, int ordinal);

    private native int cuDeviceGetAttribute(Pointer result, int attribute, int device);

    private native int cuDevicePrimaryCtxRetain(Pointer result, int device);

    private native int cuCtxSetCurrent(long context);

    private native int cuModuleLoadData(Pointer result, Pointer image);

    private native int cuModuleGetFunction(Pointer result, long module, String name);

    private native int cuFuncSetAttribute(long function, int attribute, int value);

    private native int cuLaunchKernel(
            long function,
            int gridX,
            int gridY,
            int gridZ,
            int blockX,
            int blockY,
            int blockZ,
            int sharedBytes,
            long stream,
            long parameters,
            long extra);

    private int device(int ordinal) {
        check("cuDeviceGet", cuDeviceGet(result, ordinal));
        return result.getInt(0);
    }

    private int attribute(int ordinal, int attribute) {
        int device = device(ordinal);
        check("cuDeviceGetAttribute", cuDeviceGetAttribute(result, attribute, device));
        return result.getInt(0);
    }

    /** The compute capability as in {@code sm_90}. */
    int architecture(int ordinal) {
        return 10 * attribute(ordinal, MAJOR) + attribute(ordinal, MINOR);
    }

    int multiprocessors(int ordinal) {
        return attribute(ordinal, MULTIPROCESSORS);
    }

    /** The context that libtorch uses on a device too. */
    long context(int ordinal) {
        int device = device(ordinal);
        check("cuDevicePrimaryCtxRetain", cuDevicePrimaryCtxRetain(result, device));
        return result.getLong(0);
    }

    void use(long context) {
        check("cuCtxSetCurrent", cuCtxSetCurrent(context));
    }

    /** Modules are loaded and kernels looked up when they are first needed, by the threads of several devices. */
    long module(byte[] image) {
        try (Memory copy = new Memory(image.length);
                Memory loaded = new Memory(Long.BYTES)) {
            copy.write(0, image, 0, image.length);
            check("cuModuleLoadData", cuModuleLoadData(loaded, copy));
            return loaded.getLong(0);
        }
    }

    /** @param sharedBytes most memory that blocks share, beside what the kernel declares */
    long function(long module, String name, int sharedBytes) {
        try (Memory found = new Memory(Long.BYTES)) {
            check("cuModuleGetFunction of " + name, cuModuleGetFunction(found, module, name));
            long function = found.getLong(0);
            if (sharedBytes > 0) {
                check("cuFuncSetAttribute of " + name, cuFuncSetAttribute(function, SHARED_BYTES, sharedBytes));
            }
            return function;
        }
    }

    void launch(long function, int gridX, int gridY, int threads, int sharedBytes, long extra) {
        int error = cuLaunchKernel(function, gridX, gridY, 1, threads, 1, 1, sharedBytes, 0, 0, extra);
        if (error != 0) {
            check("cuLaunchKernel", error);
        }
    }

    private static void check(String call, int error) {
        if (error != 0) {
            throw new CudaUnavailable(call + " failed with CUDA error " + error);
        }
    }
}
