package dev.socratic.trainer.engine;

/**
 * What operations may spend on one device.
 *
 * @param allocatedBytes most that the allocator may take, for tensors of all kinds and what it keeps for later ones
 * @param dequantizedBytes for weights kept dequantized
 * @param logitsAtOnce elements of the logits that the head computes at once
 */
public record DeviceBudget(long allocatedBytes, long dequantizedBytes, long logitsAtOnce) {
    /** No limit, no weights kept, 256 MiB of logits in a 16-bit type. */
    public static final DeviceBudget SMALL = new DeviceBudget(Long.MAX_VALUE, 0, 1L << 27);
}
