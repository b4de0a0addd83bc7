package dev.socratic.trainer.cuda;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.util.ArrayList;
import java.util.List;

/** The CUDA driver's functions that the kernels need, bound once. Addresses are plain numbers. */
final class CudaDriver {
    /** The stream in which libtorch and the kernels work. */
    static final long DEFAULT_STREAM = 0;

    private static final int MAJOR = 75;
    private static final int MINOR = 76;
    private static final int MULTIPROCESSORS = 16;
    /** Of a function: the most memory that a launch may let its blocks share. */
    private static final int SHARED_BYTES = 8;
    /** CU_EVENT_DISABLE_TIMING. */
    private static final int WITHOUT_TIME = 2;
    /** CU_STREAM_NON_BLOCKING. */
    private static final int BESIDE_THE_DEFAULT = 1;
    /** The version of CUDA whose functions are asked for. */
    private static final int SINCE = 12_000;
    /** CU_MEMHOSTALLOC_PORTABLE. */
    private static final int PORTABLE = 1;
    /** CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED. */
    private static final int ALREADY_ENABLED = 704;

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

    private native int cuMemAlloc_v2(Pointer result, long bytes);

    private native int cuMemFree_v2(long address);

    private native int cuGetProcAddress_v2(String name, Pointer result, int version, long flags, Pointer found);

    private native int cuMemHostAlloc(Pointer result, long bytes, int flags);

    private native int cuMemFreeHost(long address);

    private native int cuMemcpyDtoDAsync_v2(long to, long from, long bytes, long stream);

    private native int cuMemcpyPeerAsync(long to, long toContext, long from, long fromContext, long bytes, long stream);

    private native int cuDeviceCanAccessPeer(Pointer result, int device, int peer);

    private native int cuCtxEnablePeerAccess(long peer, int flags);

    private native int cuEventCreate(Pointer result, int flags);

    private native int cuEventRecord(long event, long stream);

    private native int cuEventSynchronize(long event);

    private native int cuStreamCreate(Pointer result, int flags);

    private native int cuStreamWaitEvent(long stream, long event, int flags);

    /** Where a function of the driver begins: as the loader and as the driver itself tells it. */
    List<Pointer> addresses(String function) {
        List<Pointer> addresses = new ArrayList<>();
        addresses.add(library.getFunction(function));
        try (Memory told = new Memory(Long.BYTES);
                Memory found = new Memory(Integer.BYTES)) {
            if (cuGetProcAddress_v2(function, told, SINCE, 0, found) == 0) {
                addresses.add(told.getPointer(0));
            }
        }
        return addresses;
    }

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

    /** Memory of the current device beside libtorch's. */
    long allocate(long bytes) {
        try (Memory made = new Memory(Long.BYTES)) {
            check("cuMemAlloc of " + bytes + " bytes", cuMemAlloc_v2(made, bytes));
            return made.getLong(0);
        }
    }

    void free(long address) {
        check("cuMemFree", cuMemFree_v2(address));
    }

    /** Memory of the host that devices read at its own address. */
    long allocatePinned(long bytes) {
        try (Memory made = new Memory(Long.BYTES)) {
            check("cuMemHostAlloc of " + bytes + " bytes", cuMemHostAlloc(made, bytes, PORTABLE));
            return made.getLong(0);
        }
    }

    void freePinned(long address) {
        check("cuMemFreeHost", cuMemFreeHost(address));
    }

    /** A copy within the current device, in its turn. */
    void copy(long to, long from, long bytes) {
        check("cuMemcpyDtoDAsync", cuMemcpyDtoDAsync_v2(to, from, bytes, 0));
    }

    /**
     * A copy to the current device from another one, in the turn of a stream of the current device. In the default stream it
     * would wait for all that was launched on either device.
     */
    void copyOver(long to, long toContext, long from, long fromContext, long bytes, long stream) {
        check("cuMemcpyPeerAsync", cuMemcpyPeerAsync(to, toContext, from, fromContext, bytes, stream));
    }

    /** Lets the current device read another one's memory without a detour over the host, where it can. */
    void reach(int ordinal, int peer, long peerContext) {
        try (Memory able = new Memory(Integer.BYTES)) {
            check("cuDeviceCanAccessPeer", cuDeviceCanAccessPeer(able, device(ordinal), device(peer)));
            if (able.getInt(0) != 0) {
                int error = cuCtxEnablePeerAccess(peerContext, 0);
                check("cuCtxEnablePeerAccess", error == ALREADY_ENABLED ? 0 : error);
            }
        }
    }

    /** A stream of the current device whose work goes on beside that of the default stream. */
    long stream() {
        try (Memory made = new Memory(Long.BYTES)) {
            check("cuStreamCreate", cuStreamCreate(made, BESIDE_THE_DEFAULT));
            return made.getLong(0);
        }
    }

    /** An event of the current device. */
    long event() {
        try (Memory made = new Memory(Long.BYTES)) {
            check("cuEventCreate", cuEventCreate(made, WITHOUT_TIME));
            return made.getLong(0);
        }
    }

    /** Marks what was launched in a stream up to now; event and stream are of the current device. */
    void record(long event, long stream) {
        check("cuEventRecord", cuEventRecord(event, stream));
    }

    /** Lets what is launched in a stream of the current device from now on wait for an event, of any device. */
    void await(long event, long stream) {
        check("cuStreamWaitEvent", cuStreamWaitEvent(stream, event, 0));
    }

    /** Waits for an event; one that was never recorded is over. */
    void join(long event) {
        check("cuEventSynchronize", cuEventSynchronize(event));
    }

    private static void check(String call, int error) {
        if (error != 0) {
            throw new CudaUnavailable(call + " failed with CUDA error " + error);
        }
    }
}
