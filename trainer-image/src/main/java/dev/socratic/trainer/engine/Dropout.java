package dev.socratic.trainer.engine;

/**
 * The dropout before a group of adapters. The masks follow from the seed alone, so that a recomputed forward pass and
 * the backward pass see the same ones.
 *
 * @param probability of dropping an element, 0 for none
 */
public record Dropout(double probability, long seed) {
    public static final Dropout NONE = new Dropout(0, 0);

    /** The dropout of one part of what this one covers, for the same probability. */
    public Dropout part(int index) {
        return probability == 0 ? this : new Dropout(probability, mixed(seed, index));
    }

    /** A seed for a part of what a seed is for. */
    static long mixed(long seed, int index) {
        return mix(seed + 0x9E3779B97F4A7C15L * (index + 1));
    }

    /** SplitMix64's finalizer (Steele, Lea and Flood 2014): close seeds give unrelated ones. */
    private static long mix(long value) {
        long z = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return (z ^ (z >>> 31)) & Long.MAX_VALUE;
    }
}
