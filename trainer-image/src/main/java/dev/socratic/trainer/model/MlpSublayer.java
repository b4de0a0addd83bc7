package dev.socratic.trainer.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.socratic.trainer.engine.Dropout;
import dev.socratic.trainer.engine.Linear;
import dev.socratic.trainer.engine.Ops;
import dev.socratic.trainer.engine.Tensors;
import dev.socratic.trainer.model.DecoderLayer.Pass;
import java.util.List;
import java.util.Optional;

/**
 * The second half of a block, over rows m [N, H]:
 *
 * <pre>
 *   y = m + postNorm(b),   b = D (act(G n) * (U n))   with n = norm(m)
 * </pre>
 *
 * b is called the branch, what D reads the product.
 */
record MlpSublayer(Ops ops, Tensors tensors, ModelConfig config) {
    private static final int IN = 2;
    private static final int OUT = 3;

    /**
     * What the backward pass reads beside m and the branch; the arrays belong to {@code scope}.
     *
     * @param normed absent where nothing reads it, and where it is to be computed again
     * @param product likewise
     */
    record Kept(NDManager scope, Optional<NDArray> normed, NDArray gate, NDArray up, Optional<NDArray> product) {
        /** Without what takes little to compute again. */
        Kept lean() {
            normed.ifPresent(NDArray::close);
            product.ifPresent(NDArray::close);
            return new Kept(scope, Optional.empty(), gate, up, Optional.empty());
        }
    }

    /** All but product and branch, in a scope of its own within {@code owner}. */
    Kept forward(NDManager owner, LayerWeights layer, NDArray m, Pass pass) {
        NDManager scope = owner.newSubManager();
        NDArray n = ops.rmsNorm(scope, m, layer.mlpNorm());
        int width = config.intermediateSize();
        List<NDArray> gateUp =
                tensors.cut(scope, ops.project(scope, n, layer.gateUp(), dropout(pass, IN)), List.of(width, width));
        return new Kept(scope, Linear.read(n, layer.gateUp()), gateUp.get(0), gateUp.get(1), Optional.empty());
    }

    /** With the product. */
    Kept whole(Kept kept) {
        NDArray product = ops.gate(kept.scope, kept.gate, kept.up, config.activation());
        return new Kept(kept.scope, kept.normed, kept.gate, kept.up, Optional.of(product));
    }

    /** The branch of what is whole. */
    NDArray branch(NDManager scope, LayerWeights layer, Kept whole, Pass pass) {
        return ops.project(scope, whole.product.orElseThrow(), List.of(layer.down()), dropout(pass, OUT))
                .get(0);
    }

    /** Of what is whole what the backward pass reads. */
    Kept read(LayerWeights layer, Kept whole) {
        Optional<NDArray> product = Linear.read(whole.product.orElseThrow(), List.of(layer.down()));
        return new Kept(whole.scope, whole.normed, whole.gate, whole.up, product);
    }

    /** y of m and the branch. */
    NDArray output(NDManager scope, LayerWeights layer, NDArray m, NDArray branch) {
        return ops.residual(scope, m, branch, layer.mlpPostNorm());
    }

    /**
     * The gradient by m; adds to the gradients of the LoRA factors and closes what was kept, part by part, so that
     * gradients take its place.
     *
     * @param branch read where a norm follows it
     */
    NDArray backward(
            NDManager scope,
            LayerWeights layer,
            NDArray m,
            Kept kept,
            Optional<NDArray> branch,
            Pass pass,
            NDArray dOutput) {
        NDArray dNormed;
        try (NDManager own = kept.scope) {
            NDArray dBranch = layer.mlpPostNorm()
                    .map(norm -> ops.rmsNormBackward(own, branch.orElseThrow(), norm, dOutput, Optional.empty()))
                    .orElse(dOutput);
            Optional<NDArray> product = kept.product.or(() ->
                    Linear.again(List.of(layer.down()), () -> ops.gate(own, kept.gate, kept.up, config.activation())));
            NDArray dProduct =
                    ops.projectBackward(own, product, List.of(layer.down()), dropout(pass, OUT), List.of(dBranch));
            product.ifPresent(NDArray::close);
            List<NDArray> dGateUp = ops.gateBackward(own, kept.gate, kept.up, config.activation(), dProduct);
            dProduct.close();
            kept.gate.close();
            kept.up.close();
            Optional<NDArray> n =
                    kept.normed.or(() -> Linear.again(layer.gateUp(), () -> ops.rmsNorm(own, m, layer.mlpNorm())));
            dNormed = ops.projectBackward(
                    scope,
                    n,
                    layer.gateUp(),
                    dropout(pass, IN),
                    tensors.joined(own, dGateUp, layer.gateUp().size()));
        }
        NDArray dInput = ops.rmsNormBackward(scope, m, layer.mlpNorm(), dNormed, Optional.of(dOutput));
        dNormed.close();
        return dInput;
    }

    private static Dropout dropout(Pass pass, int place) {
        return pass.dropout().part(place);
    }
}
