package dev.socratic.trainer.cuda;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The parameters of one launch, packed as the kernel declares them; the buffer serves every launch of a device. */
final class Launch {
    private static final int MOST_BYTES = 1024;
    /** CU_LAUNCH_PARAM_BUFFER_POINTER, CU_LAUNCH_PARAM_BUFFER_SIZE and CU_LAUNCH_PARAM_END. */
    private static final long POINTER = 1;

    private static final long SIZE = 2;
    private static final long END = 0;

    private final CudaDriver driver;
    private final ByteBuffer parameters = ByteBuffer.allocateDirect(MOST_BYTES).order(ByteOrder.nativeOrder());
    private final ByteBuffer size = ByteBuffer.allocateDirect(Long.BYTES).order(ByteOrder.nativeOrder());
    private final Memory extra = new Memory(5L * Long.BYTES);
    private long function;
    private int sharedBytes;

    Launch(CudaDriver driver) {
        this.driver = driver;
        long[] list = {POINTER, address(parameters), SIZE, address(size), END};
        extra.write(0, list, 0, list.length);
    }

    private static long address(ByteBuffer buffer) {
        return Pointer.nativeValue(Native.getDirectBufferPointer(buffer));
    }

    /** @param shared bytes that threads of a block share, beside what the kernel declares */
    Launch of(long kernel, int shared) {
        function = kernel;
        sharedBytes = shared;
        parameters.clear();
        return this;
    }

    Launch pointer(long value) {
        return wide(value);
    }

    Launch wide(long value) {
        align(Long.BYTES);
        parameters.putLong(value);
        return this;
    }

    Launch integer(int value) {
        align(Integer.BYTES);
        parameters.putInt(value);
        return this;
    }

    Launch real(double value) {
        align(Float.BYTES);
        parameters.putFloat((float) value);
        return this;
    }

    private void align(int bytes) {
        int over = parameters.position() % bytes;
        if (over != 0) {
            parameters.position(parameters.position() + bytes - over);
        }
    }

    /** A grid of blocks, {@code layers} of them in its second dimension. */
    void over(long blocks, int layers, int threads) {
        size.putLong(0, parameters.position());
        driver.launch(function, Math.toIntExact(blocks), layers, threads, sharedBytes, Pointer.nativeValue(extra));
    }

    /** One thread for each of n items. */
    void overItems(long items, int threads) {
        over((items + threads - 1) / threads, 1, threads);
    }
}
