package dev.socratic.trainer.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.socratic.trainer.engine.Attended;
import dev.socratic.trainer.engine.Dropout;
import dev.socratic.trainer.engine.Linear;
import dev.socratic.trainer.engine.NormWeight;
import dev.socratic.trainer.engine.Ops;
import dev.socratic.trainer.engine.Tensors;
import dev.socratic.trainer.model.DecoderLayer.LayerCache;
import dev.socratic.trainer.model.DecoderLayer.Pass;
import java.util.List;
import java.util.Optional;

/**
 * The first half of a block, over rows x [N, H] of a batch with N = batch * length:
 *
 * <pre>
 *   m = x + postNorm(b),   b = O attention(rope(headNorm(Q n)), rope(headNorm(K n)), V n)   with n = norm(x)
 * </pre>
 *
 * b is called the branch.
 */
record AttentionSublayer(Ops ops, Tensors tensors, ModelConfig config) {
    private static final int IN = 0;
    private static final int OUT = 1;

    /**
     * What the backward pass reads beside x and the branch; the arrays belong to {@code scope}.
     *
     * @param normed absent where nothing reads it, and where it is to be computed again
     * @param queryHeads before their norm, where they have one
     */
    record Kept(
            NDManager scope,
            Optional<NDArray> normed,
            Optional<NDArray> queryHeads,
            Optional<NDArray> keyHeads,
            NDArray query,
            NDArray key,
            NDArray value,
            Attended attended,
            NDArray context) {
        /** Without what takes little to compute again. */
        Kept lean() {
            normed.ifPresent(NDArray::close);
            return new Kept(scope, Optional.empty(), queryHeads, keyHeads, query, key, value, attended, context);
        }
    }

    /** All but the branch, in a scope of its own within {@code owner}. */
    Kept forward(NDManager owner, LayerWeights layer, NDArray x, Pass pass) {
        NDManager scope = owner.newSubManager();
        NDArray n = ops.rmsNorm(scope, x, layer.attentionNorm());
        List<NDArray> qkv = tensors.cut(
                scope, ops.project(scope, n, layer.queryKeyValue(), dropout(pass, IN)), queryKeyValueWidths());
        NDArray queryHeads = heads(scope, qkv.get(0), pass);
        NDArray keyHeads = heads(scope, qkv.get(1), pass);
        NDArray query = ops.rope(scope, normed(scope, queryHeads, layer.queryNorm()), pass.rotary());
        NDArray key = ops.rope(scope, normed(scope, keyHeads, layer.keyNorm()), pass.rotary());
        NDArray value = heads(scope, qkv.get(2), pass);
        if (pass.cache().isPresent()) {
            LayerCache cache = pass.cache().get();
            tensors.writeCache(cache.keys(), key, cache.positions());
            tensors.writeCache(cache.values(), value, cache.positions());
            key = cache.keys();
            value = cache.values();
        }
        qkv.forEach(NDArray::close);
        Attended attended = ops.attention(scope, query, key, value, pass.rule());
        return new Kept(
                scope,
                Linear.read(n, layer.queryKeyValue()),
                beforeNorm(queryHeads, layer.queryNorm()),
                beforeNorm(keyHeads, layer.keyNorm()),
                query,
                key,
                value,
                attended,
                tensors.flat(scope, attended.output(), pass.rows()));
    }

    NDArray branch(NDManager scope, LayerWeights layer, Kept kept, Pass pass) {
        return ops.project(scope, kept.context, List.of(layer.output()), dropout(pass, OUT))
                .get(0);
    }

    /** m of x and the branch. */
    NDArray output(NDManager scope, LayerWeights layer, NDArray x, NDArray branch) {
        return ops.residual(scope, x, branch, layer.attentionPostNorm());
    }

    /** The gradient by x; adds to the gradients of the LoRA factors and closes what was kept. */
    NDArray backward(
            NDManager scope, LayerWeights layer, NDArray x, Kept kept, NDArray branch, Pass pass, NDArray dOutput) {
        NDArray dNormed;
        try (NDManager own = kept.scope) {
            NDArray dBranch = normedBackward(own, branch, layer.attentionPostNorm(), dOutput);
            NDArray dContext = ops.projectBackward(
                    own, Optional.of(kept.context), List.of(layer.output()), dropout(pass, OUT), List.of(dBranch));
            List<NDArray> dHeads = ops.attentionBackward(
                    own, kept.query, kept.key, kept.value, pass.rule(), kept.attended, heads(own, dContext, pass));
            int rows = pass.rows();
            List<NDArray> dQkv = List.of(
                    tensors.flat(own, headBackward(own, kept.queryHeads, layer.queryNorm(), dHeads.get(0), pass), rows),
                    tensors.flat(own, headBackward(own, kept.keyHeads, layer.keyNorm(), dHeads.get(1), pass), rows),
                    tensors.flat(own, dHeads.get(2), rows));
            Optional<NDArray> n = kept.normed.or(
                    () -> Linear.again(layer.queryKeyValue(), () -> ops.rmsNorm(own, x, layer.attentionNorm())));
            dNormed = ops.projectBackward(
                    scope,
                    n,
                    layer.queryKeyValue(),
                    dropout(pass, IN),
                    tensors.joined(own, dQkv, layer.queryKeyValue().size()));
        }
        return ops.rmsNormBackward(scope, x, layer.attentionNorm(), dNormed, Optional.of(dOutput));
    }

    private static Dropout dropout(Pass pass, int place) {
        return pass.dropout().part(place);
    }

    private List<Integer> queryKeyValueWidths() {
        int keyValue = config.heads().keyValueWidth();
        return List.of(config.heads().queryWidth(), keyValue, keyValue);
    }

    private static Optional<NDArray> beforeNorm(NDArray heads, Optional<NormWeight> norm) {
        if (norm.isEmpty()) {
            heads.close();
        }
        return norm.map(any -> heads);
    }

    private NDArray headBackward(
            NDManager scope, Optional<NDArray> heads, Optional<NormWeight> norm, NDArray dy, Pass pass) {
        NDArray turned = ops.ropeBackward(scope, dy, pass.rotary());
        return heads.map(x -> normedBackward(scope, x, norm, turned)).orElse(turned);
    }

    private NDArray heads(NDManager scope, NDArray x, Pass pass) {
        return tensors.heads(
                scope, x, pass.batch(), pass.length(), config.heads().dimension());
    }

    private NDArray normed(NDManager scope, NDArray x, Optional<NormWeight> norm) {
        return norm.map(weight -> ops.rmsNorm(scope, x, weight)).orElse(x);
    }

    private NDArray normedBackward(NDManager scope, NDArray x, Optional<NormWeight> norm, NDArray dy) {
        return norm.map(weight -> ops.rmsNormBackward(scope, x, weight, dy, Optional.empty()))
                .orElse(dy);
    }
}
