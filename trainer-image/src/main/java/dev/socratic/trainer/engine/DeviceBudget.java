package dev.socratic.trainer.engine;

/**
 * What operations may spend on one device beside what they must.
 *
 * @param dequantizedBytes for weights kept dequantized
 * @param logitsAtOnce elements of the logits that the head computes at once
 */
public record DeviceBudget(long dequantizedBytes, long logitsAtOnce) {
    /** No weights kept, 256 MiB of logits in a 16-bit type. */
    public static final DeviceBudget SMALL = new DeviceBudget(0, 1L << 27);
}
