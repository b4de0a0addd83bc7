package dev.socratic.trainer.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.socratic.trainer.engine.Noise;
import dev.socratic.trainer.engine.TorchEngine;
import java.util.Arrays;

/** A model's first step: tokens to vectors, with noise in training. */
record TokenEmbedding(TorchEngine engine, ModelConfig config, DecoderWeights weights, LoadedModel facts) {
    /** Token ids [N] on the embedding's device. */
    NDArray ids(NDManager scope, int[] tokens) {
        long[] ids = Arrays.stream(tokens).asLongStream().toArray();
        return engine.tensors().onDevice(scope, scope.create(ids), weights.embeddingDevice());
    }

    NDArray embed(NDManager scope, NDArray ids) {
        return engine.ops().embedding(scope, weights.embedding(), ids, weights.embeddingScale(), facts.stream());
    }

    NDArray noised(NDManager scope, NDArray embedded, int length, Noise noise) {
        return noise.alpha() == 0
                ? embedded
                : engine.tensors().noised(scope, embedded, noise.bound(length, config.hiddenSize()), noise.seed());
    }

    /** Adds to the embedding's gradient where it is trained. */
    void backward(NDManager scope, NDArray ids, NDArray dx) {
        weights.embeddingGradient().ifPresent(gradient -> {
            NDArray dEmbedded = engine.tensors().onDevice(scope, dx, weights.embeddingDevice());
            engine.ops().embeddingBackward(gradient, ids, dEmbedded, weights.embeddingScale());
        });
    }
}
