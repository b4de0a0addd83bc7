package dev.socratic.trainer.model;

/** The rotary position embedding of a layer: its base, and how the frequencies are stretched for longer texts. */
public record RopeConfig(double theta, Scaling scaling) {
    public sealed interface Scaling {}

    /** Frequencies as they are. */
    public record None() implements Scaling {}

    /** Every frequency divided by a factor (position interpolation). */
    public record Linear(double factor) implements Scaling {}

    /**
     * Llama 3.1's scaling: low frequencies divided by the factor, high ones kept, those between blended.
     *
     * @param originalLength positions that the model was trained on before it was stretched
     */
    public record Llama3(double factor, double lowFrequencyFactor, double highFrequencyFactor, int originalLength)
            implements Scaling {}

    /** The frequencies, stretched. */
    float[] scaled(float[] frequencies) {
        if (scaling instanceof Linear linear) {
            float[] result = frequencies.clone();
            for (int i = 0; i < result.length; i++) {
                result[i] = frequencies[i] / (float) linear.factor;
            }
            return result;
        }
        return scaling instanceof Llama3 llama3 ? llama3(llama3, frequencies) : frequencies;
    }

    /** After _compute_llama3_parameters in transformers' modeling_rope_utils.py, in float32 as there. */
    private static float[] llama3(Llama3 s, float[] frequencies) {
        double lowWavelength = s.originalLength / s.lowFrequencyFactor;
        double highWavelength = s.originalLength / s.highFrequencyFactor;
        float[] result = new float[frequencies.length];
        for (int i = 0; i < result.length; i++) {
            float frequency = frequencies[i];
            float wavelength = (float) (2 * Math.PI) / frequency;
            if (wavelength > lowWavelength) {
                result[i] = frequency / (float) s.factor;
            } else if (wavelength < highWavelength) {
                result[i] = frequency;
            } else {
                float smooth = ((float) s.originalLength / wavelength - (float) s.lowFrequencyFactor)
                        / (float) (s.highFrequencyFactor - s.lowFrequencyFactor);
                result[i] = (1 - smooth) * (frequency / (float) s.factor) + smooth * frequency;
            }
        }
        return result;
    }
}
