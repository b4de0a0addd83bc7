package dev.socratic.trainer.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.socratic.trainer.engine.Activation;
import dev.socratic.trainer.engine.Attended;
import dev.socratic.trainer.engine.AttentionRule;
import dev.socratic.trainer.engine.Dropout;
import dev.socratic.trainer.engine.Linear;
import dev.socratic.trainer.engine.NormWeight;
import dev.socratic.trainer.engine.Ops;
import dev.socratic.trainer.engine.Rotary;
import dev.socratic.trainer.engine.Tensors;
import java.util.List;
import java.util.Optional;

/**
 * One block, forward and backward, over rows x [N, H] of a batch with N = batch * length:
 *
 * <pre>
 *   m = x + postNorm(O attention(rope(headNorm(Q n)), rope(headNorm(K n)), V n))   with n = norm(x)
 *   y = m + postNorm(D (act(G u) * (U u)))                     with u = norm(m)
 * </pre>
 */
record DecoderLayer(Ops ops, Tensors tensors, ModelConfig config) {
    private static final int ATTENTION_IN = 0;
    private static final int ATTENTION_OUT = 1;
    private static final int MLP_IN = 2;
    private static final int MLP_OUT = 3;

    /**
     * The batch that passes through: its shape, the rotations of its positions, and who sees whom.
     *
     * @param cache keys and values of the tokens before these, when a text is continued
     */
    record Pass(int batch, int length, Rotary rotary, AttentionRule rule, Dropout dropout, Optional<LayerCache> cache) {
        Pass with(Dropout other) {
            return new Pass(batch, length, rotary, rule, other, cache);
        }
    }

    /**
     * @param keys [B, T, kvHeads, D]
     * @param positions [B, L], where the tokens that pass through belong
     * @param length of the longest text with them
     */
    record LayerCache(NDArray keys, NDArray values, NDArray positions, int length) {}

    /** What the backward pass reads; all arrays but the input belong to the scope of the forward pass. */
    record Activations(
            NDArray input,
            NDArray normed,
            NDArray queryHeads,
            NDArray keyHeads,
            NDArray query,
            NDArray key,
            NDArray value,
            Attended attended,
            NDArray context,
            NDArray attentionOutput,
            NDArray middle,
            NDArray mlpInput,
            NDArray gate,
            NDArray up,
            NDArray product,
            NDArray mlpOutput,
            NDArray output) {}

    Activations forward(NDManager scope, LayerWeights layer, NDArray x, Pass pass) {
        int rows = pass.batch * pass.length;
        NDArray normed = ops.rmsNorm(scope, x, layer.attentionNorm());
        List<NDArray> qkv = cut(
                scope,
                ops.project(scope, normed, layer.queryKeyValue(), pass.dropout.part(ATTENTION_IN)),
                queryKeyValueWidths());
        NDArray queryHeads = heads(scope, qkv.get(0), pass);
        NDArray keyHeads = heads(scope, qkv.get(1), pass);
        NDArray query = ops.rope(scope, normed(scope, queryHeads, layer.queryNorm()), pass.rotary);
        NDArray key = ops.rope(scope, normed(scope, keyHeads, layer.keyNorm()), pass.rotary);
        NDArray value = heads(scope, qkv.get(2), pass);
        if (pass.cache.isPresent()) {
            LayerCache cache = pass.cache.get();
            tensors.writeCache(cache.keys, key, cache.positions);
            tensors.writeCache(cache.values, value, cache.positions);
            key = cache.keys;
            value = cache.values;
        }
        Attended attended = ops.attention(scope, query, key, value, pass.rule);
        NDArray context = tensors.flat(scope, attended.output(), rows);
        NDArray attentionOutput = ops.project(scope, context, List.of(layer.output()), pass.dropout.part(ATTENTION_OUT))
                .get(0);
        NDArray middle = ops.residual(scope, x, attentionOutput, layer.attentionPostNorm());
        NDArray mlpInput = ops.rmsNorm(scope, middle, layer.mlpNorm());
        List<NDArray> gateUp = cut(
                scope,
                ops.project(scope, mlpInput, layer.gateUp(), pass.dropout.part(MLP_IN)),
                List.of(config.intermediateSize(), config.intermediateSize()));
        NDArray product = ops.gate(scope, gateUp.get(0), gateUp.get(1), config.activation());
        NDArray mlpOutput = ops.project(scope, product, List.of(layer.down()), pass.dropout.part(MLP_OUT))
                .get(0);
        NDArray output = ops.residual(scope, middle, mlpOutput, layer.mlpPostNorm());
        return new Activations(
                x,
                normed,
                queryHeads,
                keyHeads,
                query,
                key,
                value,
                attended,
                context,
                attentionOutput,
                middle,
                mlpInput,
                gateUp.get(0),
                gateUp.get(1),
                product,
                mlpOutput,
                output);
    }

    /**
     * The gradient by the block's input; adds to the gradients of its LoRA factors. What was saved is closed as soon as
     * it has been used, so that gradients take its place.
     */
    NDArray backward(NDManager scope, LayerWeights layer, Activations saved, Pass pass, NDArray dOutput) {
        int rows = pass.batch * pass.length;
        Activation activation = config.activation();

        NDArray dMlpOutput = normedBackward(scope, saved.mlpOutput, layer.mlpPostNorm(), dOutput);
        NDArray dProduct = ops.projectBackward(
                scope, saved.product, List.of(layer.down()), pass.dropout.part(MLP_OUT), List.of(dMlpOutput));
        close(saved.output, saved.product, saved.mlpOutput);
        List<NDArray> dGateUp = ops.gateBackward(scope, saved.gate, saved.up, activation, dProduct);
        close(saved.gate, saved.up, dProduct);
        NDArray dMlpInput = ops.projectBackward(
                scope,
                saved.mlpInput,
                layer.gateUp(),
                pass.dropout.part(MLP_IN),
                joined(scope, dGateUp, layer.gateUp()));
        NDArray dMiddle = ops.rmsNormBackward(scope, saved.middle, layer.mlpNorm(), dMlpInput, Optional.of(dOutput));
        dGateUp.forEach(NDArray::close);
        close(saved.mlpInput, saved.middle, dMlpInput);

        NDArray dAttentionOutput = normedBackward(scope, saved.attentionOutput, layer.attentionPostNorm(), dMiddle);
        NDArray dContext = ops.projectBackward(
                scope,
                saved.context,
                List.of(layer.output()),
                pass.dropout.part(ATTENTION_OUT),
                List.of(dAttentionOutput));
        List<NDArray> dHeads = ops.attentionBackward(
                scope, saved.query, saved.key, saved.value, pass.rule, saved.attended, heads(scope, dContext, pass));
        List<NDArray> dQkv = List.of(
                tensors.flat(
                        scope, headBackward(scope, saved.queryHeads, layer.queryNorm(), dHeads.get(0), pass), rows),
                tensors.flat(scope, headBackward(scope, saved.keyHeads, layer.keyNorm(), dHeads.get(1), pass), rows),
                tensors.flat(scope, dHeads.get(2), rows));
        NDArray dNormed = ops.projectBackward(
                scope,
                saved.normed,
                layer.queryKeyValue(),
                pass.dropout.part(ATTENTION_IN),
                joined(scope, dQkv, layer.queryKeyValue()));
        return ops.rmsNormBackward(scope, saved.input, layer.attentionNorm(), dNormed, Optional.of(dMiddle));
    }

    private static void close(NDArray... arrays) {
        for (NDArray array : arrays) {
            array.close();
        }
    }

    private List<Integer> queryKeyValueWidths() {
        int keyValue = config.heads().keyValueWidth();
        return List.of(config.heads().queryWidth(), keyValue, keyValue);
    }

    /** The output of a fused layer in its parts; outputs of layers of their own as they are. */
    private List<NDArray> cut(NDManager scope, List<NDArray> outputs, List<Integer> widths) {
        return outputs.size() == widths.size() ? outputs : tensors.columns(scope, outputs.get(0), widths);
    }

    /** The transpose of {@link #cut}. */
    private List<NDArray> joined(NDManager scope, List<NDArray> gradients, List<Linear> layers) {
        return gradients.size() == layers.size() ? gradients : List.of(tensors.beside(scope, gradients));
    }

    private NDArray headBackward(NDManager scope, NDArray heads, Optional<NormWeight> norm, NDArray dy, Pass pass) {
        return normedBackward(scope, heads, norm, ops.ropeBackward(scope, dy, pass.rotary));
    }

    private NDArray heads(NDManager scope, NDArray x, Pass pass) {
        return tensors.heads(scope, x, pass.batch, pass.length, config.heads().dimension());
    }

    private NDArray normed(NDManager scope, NDArray x, Optional<NormWeight> norm) {
        return norm.map(weight -> ops.rmsNorm(scope, x, weight)).orElse(x);
    }

    private NDArray normedBackward(NDManager scope, NDArray x, Optional<NormWeight> norm, NDArray dy) {
        return norm.map(weight -> ops.rmsNormBackward(scope, x, weight, dy, Optional.empty()))
                .orElse(dy);
    }
}
