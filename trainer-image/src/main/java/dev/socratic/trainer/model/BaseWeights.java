package dev.socratic.trainer.model;

/** What an adapter is merged into. */
public enum BaseWeights {
    /** The weights that it was trained beside: those of quantized layers as they are dequantized. */
    AS_TRAINED,
    /** The checkpoint's weights, whatever the adapter was trained beside. */
    ORIGINAL
}
