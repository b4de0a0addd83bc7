package dev.socratic.trainer.cuda;

import com.sun.jna.Callback;
import com.sun.jna.CallbackReference;
import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import dev.socratic.trainer.engine.RefusedMemory;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * Keeps libtorch's allocator under a limit on each device. An allocator whose segments grow takes its memory by cuMemCreate
 * alone, which it calls through a table of the driver's functions (c10/cuda/driver_api.h): here the entries of that function
 * and of cuMemRelease are replaced by ones that count, and that refuse as a driver does that has no more. The allocator then
 * gives back what it has cached and tries again. libtorch 2.7.1 exports no call that sets a limit.
 *
 * <p>The table is the process's, and libtorch calls what is in it to the end, so there is one of these.
 */
final class AllocatorLimit {
    private static final String TABLE = "_ZN3c104cuda9DriverAPI3getEv";
    /** Of the table in which those two are looked for: libtorch 2.7.1 has 22, these at 7 and 2. */
    private static final int ENTRIES = 20;

    private static final int SUCCESS = 0;
    /** CUDA_ERROR_OUT_OF_MEMORY. */
    private static final int OUT_OF_MEMORY = 2;
    /** Of the device's number in CUmemAllocationProp. */
    private static final long DEVICE_AT = 12;

    private static Optional<AllocatorLimit> ofThisProcess;

    /** As cuMemCreate and cuMemRelease are declared. */
    interface Create extends Callback {
        int create(Pointer handle, long bytes, Pointer properties, long flags);
    }

    interface Release extends Callback {
        int release(long handle);
    }

    private record Held(int device, long bytes) {}

    private final Function driversCreate;
    private final Function driversRelease;
    private final Create create = this::create;
    private final Release release = this::release;
    private final Map<Long, Held> held = new HashMap<>();
    private final Map<Integer, Long> bytes = new HashMap<>();
    private final Map<Integer, Long> limits = new HashMap<>();
    private RefusedMemory refused;

    private AllocatorLimit(Pointer table, int createAt, int releaseAt) {
        this.driversCreate = Function.getFunction(entry(table, createAt));
        this.driversRelease = Function.getFunction(entry(table, releaseAt));
        table.setPointer(offset(createAt), CallbackReference.getFunctionPointer(create));
        table.setPointer(offset(releaseAt), CallbackReference.getFunctionPointer(release));
    }

    /** Empty where libtorch's table does not have the driver's functions. */
    static synchronized Optional<AllocatorLimit> ofThisProcess(CudaDriver driver) {
        if (ofThisProcess == null) {
            ofThisProcess = install(driver);
        }
        return ofThisProcess;
    }

    private static Optional<AllocatorLimit> install(CudaDriver driver) {
        try {
            Pointer table =
                    NativeLibrary.getInstance("c10_cuda").getFunction(TABLE).invokePointer(new Object[0]);
            OptionalInt create = find(table, driver.addresses("cuMemCreate"));
            OptionalInt release = find(table, driver.addresses("cuMemRelease"));
            return create.isPresent() && release.isPresent()
                    ? Optional.of(new AllocatorLimit(table, create.getAsInt(), release.getAsInt()))
                    : Optional.empty();
        } catch (UnsatisfiedLinkError otherLibtorch) {
            return Optional.empty();
        }
    }

    private static OptionalInt find(Pointer table, List<Pointer> wanted) {
        return IntStream.range(0, ENTRIES)
                .filter(index -> wanted.contains(entry(table, index)))
                .findFirst();
    }

    private static Pointer entry(Pointer table, int index) {
        return table.getPointer(offset(index));
    }

    private static long offset(int index) {
        return (long) index * Long.BYTES;
    }

    /** Sets the most that the allocator may hold on a device from now on; what it holds already counts. */
    synchronized void limit(int device, long most) {
        limits.put(device, most);
        refused = null;
    }

    /** What was refused last, if nothing has been granted since. */
    synchronized Optional<RefusedMemory> refused() {
        return Optional.ofNullable(refused);
    }

    private synchronized int create(Pointer handle, long size, Pointer properties, long flags) {
        int device = properties.getInt(DEVICE_AT);
        long before = bytes.getOrDefault(device, 0L);
        long limit = limits.getOrDefault(device, Long.MAX_VALUE);
        boolean over = before + size > limit;
        int result = over ? OUT_OF_MEMORY : driversCreate.invokeInt(new Object[] {handle, size, properties, flags});
        if (result == OUT_OF_MEMORY) {
            refused = new RefusedMemory(String.valueOf(device), before, size, over ? limit : Long.MAX_VALUE);
        } else if (result == SUCCESS) {
            refused = null;
            held.put(handle.getLong(0), new Held(device, size));
            bytes.merge(device, size, Long::sum);
        }
        return result;
    }

    private synchronized int release(long handle) {
        Held gone = held.remove(handle);
        if (gone != null) {
            bytes.merge(gone.device, -gone.bytes, Long::sum);
        }
        return driversRelease.invokeInt(new Object[] {handle});
    }
}
