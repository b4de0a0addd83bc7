package dev.socratic.trainer.engine;

/**
 * NEFTune's noise (Jain et al. 2023) on embedded tokens: uniform within alpha / sqrt(length * H). It follows from the
 * seed alone.
 *
 * @param alpha 0 for none
 */
public record Noise(double alpha, long seed) {
    public static final Noise NONE = new Noise(0, 0);

    /** The largest magnitude for texts padded to a length. */
    public double bound(int length, int hiddenSize) {
        return alpha / Math.sqrt((double) length * hiddenSize);
    }

    /** The noise of one part of what this one covers, for the same alpha. */
    public Noise part(int index) {
        return alpha == 0 ? this : new Noise(alpha, Dropout.mixed(seed, index));
    }
}
