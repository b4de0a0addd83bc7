package dev.socratic.trainer.engine;

/** The activation of a gated MLP, by its name in {@code config.json}. */
public enum Activation {
    GELU_TANH("gelu"),
    SILU("silu");

    private final String method;

    Activation(String method) {
        this.method = method;
    }

    String method() {
        return method;
    }
}
