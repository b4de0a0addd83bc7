package dev.socratic.trainer.engine;

/**
 * Memory that a device did not give.
 *
 * @param device such as {@code 0}
 * @param held bytes that tensors had of it
 * @param asked bytes beside these
 * @param limit on both, {@link Long#MAX_VALUE} where it was the device itself that had no more
 */
public record RefusedMemory(String device, long held, long asked, long limit) {}
