package dev.socratic.trainer.cuda;

/** Float32 arrays, at most eight, on their way to the compute type in one launch. */
final class Casts {
    static final int MOST = 8;
    private static final int THREADS = 256;
    private static final int MOST_BLOCKS = 1024;

    private final Gpu gpu;
    private final long[] from = new long[MOST];
    private final long[] at = new long[MOST];
    private final long[] counts = new long[MOST];
    private int size;
    private long longest;

    Casts(Gpu gpu) {
        this.gpu = gpu;
    }

    /** @param place element of the target where the copy begins */
    Casts add(long address, long place, long count) {
        from[size] = address;
        at[size] = place;
        counts[size] = count;
        size++;
        longest = Math.max(longest, count);
        return this;
    }

    void into(long target) {
        Launch launch = gpu.kernel("casts");
        for (long[] column : new long[][] {from, at, counts}) {
            for (long value : column) {
                launch.wide(value);
            }
        }
        long blocks = Math.min((longest + THREADS - 1) / THREADS, MOST_BLOCKS);
        launch.pointer(target).over(blocks, size, THREADS);
    }
}
