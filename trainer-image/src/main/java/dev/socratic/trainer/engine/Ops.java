package dev.socratic.trainer.engine;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;
import java.util.Optional;

/**
 * The operations of a decoder and of its training step. Results are new tensors that belong to {@code scope}, on the
 * device of the inputs; inputs stay as they are, but for the gradients and buffers that a method says it changes. N is
 * rows (batch times length), H the hidden size, B the batch, L the length, D the size of a head.
 */
public interface Ops {
    /** Says what may be spent on a device; operations that have no use for it ignore it. */
    default void budget(Device device, DeviceBudget budget) {}

    /** What a device refused last, if it has given nothing since: why an operation failed. */
    default Optional<RefusedMemory> refused() {
        return Optional.empty();
    }

    /** What takes a checkpoint's numbers to a device in a way of its own. */
    default Optional<Intake> intake(Device device) {
        return Optional.empty();
    }

    /** Rows ids [N] (int64) of the table [V, H], in the type {@code stream}, times scale rounded to that type. */
    NDArray embedding(NDManager scope, NDArray table, NDArray ids, double scale, Precision stream);

    /** Adds the gradient by the table to {@code gradient} [V, H], in its type. */
    void embeddingBackward(NDArray gradient, NDArray ids, NDArray dy, double scale);

    /** x [.., H] normalized over its last dimension, in the norm's output type. */
    NDArray rmsNorm(NDManager scope, NDArray x, NormWeight norm);

    /** The gradient by x, plus {@code around}: the gradient that reaches x past the norm. */
    NDArray rmsNormBackward(NDManager scope, NDArray x, NormWeight norm, NDArray dy, Optional<NDArray> around);

    /** x + norm(branch), or x + branch without a norm. */
    default NDArray residual(NDManager scope, NDArray x, NDArray branch, Optional<NormWeight> norm) {
        return add(scope, x, norm.map(weight -> rmsNorm(scope, branch, weight)).orElse(branch));
    }

    /** Linear layers that read the same x [N, in]: a result [N, out] for each. */
    List<NDArray> project(NDManager scope, NDArray x, List<Linear> linears, Dropout dropout);

    /**
     * The gradient by x; adds to the gradients of the layers' LoRA factors and trained biases.
     *
     * @param x may be left out where no layer has an adapter
     */
    NDArray projectBackward(
            NDManager scope, Optional<NDArray> x, List<Linear> linears, Dropout dropout, List<NDArray> dys);

    /** Norms [out] of the rows of an adapted layer's weight, {@code W + scaling * B A}. */
    NDArray rowNorms(NDManager scope, Linear linear);

    /** Frequencies [D / 2] of rotary position embedding for a base. */
    NDArray rotaryFrequencies(NDManager scope, double theta, int headDimension);

    /** Cosines and sines of positions 0 to length-1, times scale. */
    Rotary rotary(NDManager scope, NDArray frequencies, int length, double scale, Precision type);

    /** The entries of a table at positions [B, L] (int64) that differ from row to row. */
    Rotary rotaryAt(NDManager scope, Rotary table, NDArray positions);

    /** x [B, L, heads, D] turned by its positions. The result may have the memory of x, which is not to be read any more. */
    NDArray rope(NDManager scope, NDArray x, Rotary rotary);

    /** The gradient by x; it may have the memory of dy. */
    NDArray ropeBackward(NDManager scope, NDArray dy, Rotary rotary);

    /** Grouped-query attention of q [B, Q, heads, D] to k, v [B, K, kvHeads, D]. */
    Attended attention(NDManager scope, NDArray q, NDArray k, NDArray v, AttentionRule rule);

    /** The gradients by q, k and v. */
    List<NDArray> attentionBackward(
            NDManager scope, NDArray q, NDArray k, NDArray v, AttentionRule rule, Attended attended, NDArray dOutput);

    /** Mask [1, 1, L, L]: causal, each query seeing {@code window} keys with its own. */
    NDArray slidingWindow(NDManager scope, int length, int window, NDArray like);

    /** act(gate) * up. */
    NDArray gate(NDManager scope, NDArray gate, NDArray up, Activation activation);

    /** The gradients by gate and up; they may have the memory of these. */
    List<NDArray> gateBackward(NDManager scope, NDArray gate, NDArray up, Activation activation, NDArray dy);

    NDArray add(NDManager scope, NDArray a, NDArray b);

    /** Cross-entropy of rows h [N, H] against labels [N], every one of them a token. */
    TokenLoss loss(NDManager scope, NDArray h, HeadWeight head, NDArray labels);

    /** The same with the gradient of {@code scale * sum} by h; adds that by the head to its gradient where it is trained. */
    TokenLoss lossAndGradient(NDManager scope, NDArray h, HeadWeight head, NDArray labels, double scale);

    /** Logits [N, V]. */
    NDArray logits(NDManager scope, NDArray h, HeadWeight head);

    /** Changes parameters and both moments, all flat float32 [P]; gradients may have a half type on a CPU. */
    void adamw(NDArray parameters, NDArray gradients, NDArray firstMoment, NDArray secondMoment, AdamW settings);

    /** Euclidean norm of all elements. */
    double norm(NDArray x);
}
