package dev.socratic.trainer.cuda;

import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Page-locked memory of the host, which the current device's kernels read by themselves. */
final class PinnedBuffer implements AutoCloseable {
    private final CudaDriver driver;
    private final long address;
    private final long taken;
    private final ByteBuffer bytes;

    PinnedBuffer(CudaDriver driver, int capacity) {
        this.driver = driver;
        this.address = driver.allocatePinned(capacity);
        this.taken = driver.event();
        this.bytes = new Pointer(address).getByteBuffer(0, capacity).order(ByteOrder.LITTLE_ENDIAN);
    }

    long address() {
        return address;
    }

    /** The first bytes, as soon as what was launched with those before is done with them. */
    ByteBuffer toFill(int count) {
        driver.join(taken);
        return bytes.clear().limit(count);
    }

    /** Says that a kernel was launched that reads the bytes. */
    void inUse() {
        driver.record(taken, CudaDriver.DEFAULT_STREAM);
    }

    /** After what was launched is done with it. */
    @Override
    public void close() {
        driver.join(taken);
        driver.freePinned(address);
    }
}
