package dev.socratic.trainer.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import dev.socratic.trainer.engine.HeadWeight;
import dev.socratic.trainer.engine.NormWeight;
import java.util.List;
import java.util.Optional;

/**
 * The weights of a model.
 *
 * @param embedding [vocabulary, H]
 * @param embeddingGradient float32, like the embedding, where it is trained
 * @param embeddingScale factor of the embedded tokens; in transformers a buffer that has the model's type from the load on
 * @param head the same array as the embedding where the two are tied and on one device
 * @param tiedHead whether the head is the embedding, and not trained apart from it
 */
record DecoderWeights(
        NDArray embedding,
        Optional<NDArray> embeddingGradient,
        double embeddingScale,
        Device embeddingDevice,
        List<LayerWeights> layers,
        NormWeight norm,
        HeadWeight head,
        Device headDevice,
        boolean tiedHead) {}
