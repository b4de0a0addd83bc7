package dev.socratic.trainer.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.socratic.trainer.engine.TokenLoss;
import dev.socratic.trainer.engine.TorchEngine;
import java.util.Optional;

/** A model's last step: final norm, output embedding and loss. Only rows whose next token has a label reach it. */
record OutputHead(TorchEngine engine, DecoderWeights weights) {
    /** {@link LabelledRows} on the head's device. */
    record Rows(NDArray indices, NDArray labels) {}

    Rows rows(NDManager scope, LabelledRows rows) {
        return new Rows(here(scope, scope.create(rows.rows())), here(scope, scope.create(rows.labels())));
    }

    /** The sum of the token losses and {@code gradientScale} times its gradient by all rows of x. */
    TokenLoss lossAndGradient(NDManager scope, NDArray x, Rows rows, double gradientScale) {
        try (NDManager inner = scope.newSubManager()) {
            NDArray chosen = chosen(inner, x, rows.indices);
            NDArray normed = engine.ops().rmsNorm(inner, chosen, weights.norm());
            TokenLoss loss = engine.ops().lossAndGradient(inner, normed, weights.head(), rows.labels, gradientScale);
            NDArray dChosen =
                    engine.ops().rmsNormBackward(inner, chosen, weights.norm(), loss.gradient(), Optional.empty());
            NDArray dx = engine.tensors().scatterRows(scope, (int) x.getShape().get(0), dChosen, rows.indices);
            loss.sum().attach(scope);
            return new TokenLoss(loss.sum(), dx);
        }
    }

    /** The sum of the token losses alone. */
    NDArray loss(NDManager scope, NDArray x, Rows rows) {
        NDArray normed = engine.ops().rmsNorm(scope, chosen(scope, x, rows.indices), weights.norm());
        return engine.ops().loss(scope, normed, weights.head(), rows.labels).sum();
    }

    /** Logits [rows, vocabulary] of chosen rows of the last block's output. */
    NDArray logits(NDManager scope, NDArray x, long[] rows) {
        NDArray chosen = chosen(scope, x, here(scope, scope.create(rows)));
        return engine.ops().logits(scope, engine.ops().rmsNorm(scope, chosen, weights.norm()), weights.head());
    }

    private NDArray chosen(NDManager scope, NDArray x, NDArray indices) {
        return engine.tensors().rows(scope, here(scope, x), indices);
    }

    private NDArray here(NDManager scope, NDArray x) {
        return engine.tensors().onDevice(scope, x, weights.headDevice());
    }
}
