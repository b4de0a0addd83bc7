package dev.socratic.trainer.engine;

import ai.djl.ndarray.NDArray;
import java.util.List;

/**
 * The result of attention.
 *
 * @param output [B, Q, heads, D]
 * @param statistics what the implementation that made it wants back in its backward pass
 */
public record Attended(NDArray output, List<NDArray> statistics) {}
