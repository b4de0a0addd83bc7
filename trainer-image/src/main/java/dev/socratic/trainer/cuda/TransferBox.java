package dev.socratic.trainer.cuda;

/** Memory of one GPU from which another one fetches what was put there, again and again. */
final class TransferBox {
    private final CudaDriver driver;
    private final Gpu sender;
    private final Gpu receiver;
    private final long filled;
    private final long expected;
    private final long fetched;
    private final long fetching;
    private long address;
    private long capacity;

    TransferBox(CudaDriver driver, Gpu sender, Gpu receiver) {
        this.driver = driver;
        this.sender = sender;
        this.receiver = receiver;
        sender.use();
        this.filled = driver.event();
        receiver.use();
        this.expected = driver.event();
        this.fetched = driver.event();
        this.fetching = driver.stream();
        sender.use();
    }

    /** To be called by the sender's thread: copies when what was there before is fetched. */
    void fill(long from, long bytes) {
        sender.use();
        if (bytes > capacity) {
            driver.join(fetched);
            if (address != 0) {
                driver.free(address);
            }
            address = driver.allocate(bytes);
            capacity = bytes;
        }
        driver.await(fetched, CudaDriver.DEFAULT_STREAM);
        driver.copy(address, from, bytes);
        driver.record(filled, CudaDriver.DEFAULT_STREAM);
    }

    /** To be called by the receiver's thread, once after each fill: what is launched there later finds it at {@code to}. */
    void fetch(long to, long bytes) {
        receiver.use();
        driver.record(expected, CudaDriver.DEFAULT_STREAM);
        driver.await(expected, fetching);
        driver.await(filled, fetching);
        driver.copyOver(to, receiver.context(), address, sender.context(), bytes, fetching);
        driver.record(fetched, fetching);
        driver.await(fetched, CudaDriver.DEFAULT_STREAM);
    }
}
