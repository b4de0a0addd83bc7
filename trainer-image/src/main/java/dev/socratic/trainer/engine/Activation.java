package dev.socratic.trainer.engine;

/**
 * The activation of a gated MLP, by its name in {@code config.json}: {@code a(g) = g * sigmoid(linear * g + cubic * g^3)}.
 */
public enum Activation {
    /** {@code 2 sqrt(2 / pi)}, and 0.044715 of that: GELU's approximation by tanh (Hendrycks and Gimpel 2016). */
    GELU_TANH(2 * Math.sqrt(2 / Math.PI), 2 * Math.sqrt(2 / Math.PI) * 0.044715),
    SILU(1, 0);

    private final double linear;
    private final double cubic;

    Activation(double linear, double cubic) {
        this.linear = linear;
        this.cubic = cubic;
    }

    double linear() {
        return linear;
    }

    double cubic() {
        return cubic;
    }
}
