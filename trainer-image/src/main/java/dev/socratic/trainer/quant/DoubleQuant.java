package dev.socratic.trainer.quant;

/** Whether the scales of the blocks are quantized to 8 bits in turn ({@code bnb_4bit_use_double_quant}). */
public enum DoubleQuant {
    ON,
    OFF
}
