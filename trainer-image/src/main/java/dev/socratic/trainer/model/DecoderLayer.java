package dev.socratic.trainer.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.socratic.trainer.engine.AttentionRule;
import dev.socratic.trainer.engine.Dropout;
import dev.socratic.trainer.engine.Ops;
import dev.socratic.trainer.engine.Rotary;
import dev.socratic.trainer.engine.Tensors;
import dev.socratic.trainer.placement.SavedActivations;
import java.util.Optional;

/**
 * One block, forward and backward, over rows x [N, H] of a batch. Each of its halves adds a branch to what passes through,
 * so that inputs and branches suffice to compute everything again.
 */
record DecoderLayer(AttentionSublayer attention, MlpSublayer mlp) {
    static DecoderLayer of(Ops ops, Tensors tensors, ModelConfig config) {
        return new DecoderLayer(new AttentionSublayer(ops, tensors, config), new MlpSublayer(ops, tensors, config));
    }

    /**
     * The batch that passes through: its shape, the rotations of its positions, and who sees whom.
     *
     * @param cache keys and values of the tokens before these, when a text is continued
     */
    record Pass(int batch, int length, Rotary rotary, AttentionRule rule, Dropout dropout, Optional<LayerCache> cache) {
        Pass with(Dropout other) {
            return new Pass(batch, length, rotary, rule, other, cache);
        }

        int rows() {
            return batch * length;
        }
    }

    /**
     * @param keys [B, T, kvHeads, D]
     * @param positions [B, L], where the tokens that pass through belong
     * @param length of the longest text with them
     */
    record LayerCache(NDArray keys, NDArray values, NDArray positions, int length) {}

    /** What the halves add, before the norms behind them. */
    record Branches(NDArray attention, NDArray mlp) {}

    /**
     * What a forward pass left of a block beside its input.
     *
     * @param branches absent where only inputs are kept; what else is absent is computed again
     */
    record Kept(
            Optional<Branches> branches,
            Optional<AttentionSublayer.Kept> attention,
            Optional<NDArray> middle,
            Optional<MlpSublayer.Kept> mlp) {}

    /** A forward pass: its result, and what is kept of it. */
    record Passed(NDArray output, Kept kept) {}

    /** All arrays of the result belong to {@code scope} or to scopes within. */
    Passed forward(NDManager scope, LayerWeights layer, NDArray x, Pass pass, SavedActivations saved) {
        AttentionSublayer.Kept heads = attention.forward(scope, layer, x, pass);
        NDArray first = attention.branch(scope, layer, heads, pass);
        if (!saved.keepsProducts()) {
            heads.scope().close();
        }
        NDArray middle = attention.output(scope, layer, x, first);
        MlpSublayer.Kept gate = mlp.whole(mlp.forward(scope, layer, middle, pass));
        if (!saved.keepsProducts()) {
            gate.gate().close();
            gate.up().close();
        }
        NDArray second = mlp.branch(scope, layer, gate, pass);
        if (!saved.keepsProducts()) {
            gate.scope().close();
        }
        NDArray output = mlp.output(scope, layer, middle, second);
        return new Passed(output, kept(layer, saved, new Branches(first, second), heads, middle, gate));
    }

    private Kept kept(
            LayerWeights layer,
            SavedActivations saved,
            Branches branches,
            AttentionSublayer.Kept heads,
            NDArray middle,
            MlpSublayer.Kept gate) {
        if (saved == SavedActivations.ALL) {
            return new Kept(
                    Optional.of(branches), Optional.of(heads), Optional.of(middle), Optional.of(mlp.read(layer, gate)));
        }
        middle.close();
        return switch (saved) {
            case PRODUCTS ->
                new Kept(Optional.of(branches), Optional.of(heads.lean()), Optional.empty(), Optional.of(gate.lean()));
            case BRANCHES -> new Kept(Optional.of(branches), Optional.empty(), Optional.empty(), Optional.empty());
            default -> {
                branches.attention.close();
                branches.mlp.close();
                yield new Kept(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
            }
        };
    }

    /** The block's output for its input and branches, as a forward pass had it. */
    NDArray output(NDManager scope, LayerWeights layer, NDArray x, Branches branches) {
        try (NDArray middle = attention.output(scope, layer, x, branches.attention)) {
            return mlp.output(scope, layer, middle, branches.mlp);
        }
    }

    /** The gradient by the block's input; adds to the gradients of its LoRA factors. What was kept is used up. */
    NDArray backward(NDManager scope, LayerWeights layer, NDArray x, Kept kept, Pass pass, NDArray dOutput) {
        Optional<AttentionSublayer.Kept> heads =
                kept.branches.isPresent() ? kept.attention : Optional.of(attention.forward(scope, layer, x, pass));
        NDArray first = kept.branches
                .map(Branches::attention)
                .orElseGet(() -> attention.branch(scope, layer, heads.orElseThrow(), pass));
        NDArray middle = kept.middle.orElseGet(() -> attention.output(scope, layer, x, first));
        MlpSublayer.Kept gate = kept.mlp.orElseGet(() -> mlp.forward(scope, layer, middle, pass));
        Optional<NDArray> second = kept.branches.map(Branches::mlp);
        if (second.isEmpty() && layer.mlpPostNorm().isPresent()) {
            MlpSublayer.Kept whole = mlp.whole(gate);
            second = Optional.of(mlp.branch(scope, layer, whole, pass));
            gate = mlp.read(layer, whole);
        }
        NDArray dMiddle = mlp.backward(scope, layer, middle, gate, second, pass, dOutput);
        second.ifPresent(NDArray::close);
        middle.close();
        AttentionSublayer.Kept last = heads.orElseGet(() -> attention.forward(scope, layer, x, pass));
        NDArray dx = attention.backward(scope, layer, x, last, first, pass, dMiddle);
        first.close();
        return dx;
    }
}
