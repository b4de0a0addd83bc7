package dev.socratic.trainer.model;

import java.util.List;

/**
 * The rotary position embedding of a layer.
 *
 * @param theta base of the frequencies
 * @param dimension elements of a head that are turned, from its first on
 * @param scaling how the frequencies are stretched for longer texts
 */
public record RopeConfig(double theta, int dimension, Scaling scaling) {
    /** One of the ways of transformers' modeling_rope_utils.py, in float32 and in the order of operations there. */
    public sealed interface Scaling {
        /** The frequency at an index of [dimension / 2]. */
        float stretched(int index, float frequency);
    }

    /** Frequencies as they are. */
    public record None() implements Scaling {
        @Override
        public float stretched(int index, float frequency) {
            return frequency;
        }
    }

    /** Every frequency divided by a factor (position interpolation). */
    public record Linear(double factor) implements Scaling {
        @Override
        public float stretched(int index, float frequency) {
            return frequency / (float) factor;
        }
    }

    /**
     * Llama 3.1's scaling: low frequencies divided by the factor, high ones kept, those between blended.
     *
     * @param originalLength positions that the model was trained on before it was stretched
     */
    public record Llama3(double factor, double lowFrequencyFactor, double highFrequencyFactor, int originalLength)
            implements Scaling {
        @Override
        public float stretched(int index, float frequency) {
            float wavelength = 1 / frequency * (float) (2 * Math.PI);
            if (wavelength > originalLength / lowFrequencyFactor) {
                return frequency / (float) factor;
            }
            if (wavelength < originalLength / highFrequencyFactor) {
                return frequency;
            }
            float smooth = (1 / wavelength * originalLength - (float) lowFrequencyFactor)
                    / (float) (highFrequencyFactor - lowFrequencyFactor);
            return (1 - smooth) * frequency / (float) factor + smooth * frequency;
        }
    }

    /**
     * LongRoPE: each frequency divided by a factor of its own, from one list for texts of at most {@code originalLength}
     * tokens, from another for longer ones; cosines and sines times {@code attentionFactor}.
     */
    public record LongRope(
            List<Double> shortFactors, List<Double> longFactors, int originalLength, double attentionFactor)
            implements Scaling {
        public LongRope {
            shortFactors = List.copyOf(shortFactors);
            longFactors = List.copyOf(longFactors);
        }

        @Override
        public float stretched(int index, float frequency) {
            return frequency / shortFactors.get(index).floatValue();
        }

        private LongRope forLength(int length) {
            return length > originalLength
                    ? new LongRope(longFactors, longFactors, originalLength, attentionFactor)
                    : new LongRope(shortFactors, shortFactors, originalLength, attentionFactor);
        }
    }

    /** Whether it differs for texts of another length. */
    boolean followsLength() {
        return scaling instanceof LongRope;
    }

    /** The embedding of texts of one length. */
    RopeConfig forLength(int length) {
        return scaling instanceof LongRope longRope
                ? new RopeConfig(theta, dimension, longRope.forLength(length))
                : this;
    }

    /** Factor of cosines and sines. */
    double attentionFactor() {
        return scaling instanceof LongRope longRope ? longRope.attentionFactor : 1;
    }

    float[] stretched(float[] frequencies) {
        float[] result = new float[frequencies.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = scaling.stretched(i, frequencies[i]);
        }
        return result;
    }
}
