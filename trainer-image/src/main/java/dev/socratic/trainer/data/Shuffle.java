package dev.socratic.trainer.data;

import java.util.stream.IntStream;

/**
 * A permutation of 0 … n-1 that depends on nothing but n, seed and epoch: Fisher and Yates' shuffle from the last place
 * down, with SplitMix64 (Steele, Lea, Flood 2014) started at seed * 2^32 + epoch and numbers brought below a bound by the
 * high half of the product. Written out here so that no change of the JDK changes a run.
 */
final class Shuffle {
    private long state;

    private Shuffle(long seed, int epoch) {
        this.state = (seed << 32) + epoch;
    }

    static int[] order(int n, long seed, int epoch) {
        Shuffle random = new Shuffle(seed, epoch);
        int[] order = IntStream.range(0, n).toArray();
        for (int i = n - 1; i > 0; i--) {
            int other = random.below(i + 1);
            int held = order[i];
            order[i] = order[other];
            order[other] = held;
        }
        return order;
    }

    private int below(int bound) {
        state += 0x9E3779B97F4A7C15L;
        long z = state;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        z ^= z >>> 31;
        return (int) (((z >>> 32) * bound) >>> 32);
    }
}
