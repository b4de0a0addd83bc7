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
 * @param head the same array as the embedding where the two are tied and on one device
 */
record DecoderWeights(
        NDArray embedding,
        Device embeddingDevice,
        List<LayerWeights> layers,
        NormWeight norm,
        HeadWeight head,
        Device headDevice) {}
