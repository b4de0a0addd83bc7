package dev.socratic.trainer.engine;

/** Settings of one AdamW step; {@code step} counts from 1, every gradient is multiplied by {@code gradientScale}. */
public record AdamW(int step, double learningRate, double weightDecay, double gradientScale) {
    /** torch.optim.AdamW's defaults. */
    public static final double BETA1 = 0.9;

    public static final double BETA2 = 0.999;
    public static final double EPSILON = 1e-8;

    /** For parameters that weight decay leaves alone. */
    public AdamW withoutDecay() {
        return new AdamW(step, learningRate, 0, gradientScale);
    }
}
