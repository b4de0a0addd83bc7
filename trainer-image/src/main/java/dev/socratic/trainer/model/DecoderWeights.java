package dev.socratic.trainer.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import dev.socratic.trainer.engine.HeadWeight;
import dev.socratic.trainer.engine.NormWeight;
import java.util.List;

/**
 * The weights of a model.
 *
 * @param embedding [vocabulary, H]
 * @param embeddingScale factor of the embedded tokens; in transformers a buffer that has the model's type from the load on
 * @param head the same array as the embedding where the two are tied and on one device
 * @param tiedHead whether the head is the embedding
 */
record DecoderWeights(
        NDArray embedding,
        double embeddingScale,
        Device embeddingDevice,
        List<LayerWeights> layers,
        NormWeight norm,
        HeadWeight head,
        Device headDevice,
        boolean tiedHead) {}
