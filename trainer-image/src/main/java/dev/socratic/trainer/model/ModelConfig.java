package dev.socratic.trainer.model;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.trainer.engine.Activation;
import dev.socratic.trainer.engine.NormWeight;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.JsonErrors;
import dev.socratic.trainer.failure.Problem;
import dev.socratic.trainer.placement.ModelShape;
import dev.socratic.trainer.quant.StoredQuantization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a decoder computes, read from {@code config.json}: the differences between architectures as data.
 *
 * @param embeddingScale factor of the embedded tokens, 1 for none
 * @param attentionScale factor of the attention scores
 * @param attentionSoftcap bound of the attention scores, 0 for none; only eager attention applies it
 * @param finalSoftcap bound of the logits, 0 for none
 * @param layers what differs from layer to layer, first to last
 * @param tiedHead whether the output embedding is the input embedding
 * @param stored how the checkpoint is quantized
 */
public record ModelConfig(
        int vocabularySize,
        int hiddenSize,
        int intermediateSize,
        Heads heads,
        Projections projections,
        Biases biases,
        NormNames normNames,
        NormWeight.Scale normScale,
        double normEpsilon,
        Activation activation,
        double embeddingScale,
        double attentionScale,
        double attentionSoftcap,
        double finalSoftcap,
        List<LayerConfig> layers,
        boolean tiedHead,
        StoredQuantization stored) {

    /**
     * Heads of the attention: each of {@code keyValue} key heads is read by {@code query / keyValue} query heads.
     *
     * @param dimension elements of a head
     */
    public record Heads(int query, int keyValue, int dimension) {
        int queryWidth() {
            return query * dimension;
        }

        int keyValueWidth() {
            return keyValue * dimension;
        }
    }

    /**
     * @param window keys that a query sees, its own included; 0 is unlimited
     * @param rope the rotary embedding of the layer
     */
    public record LayerConfig(int window, RopeConfig rope) {}

    /** Which linear layers of a block have a bias. */
    public record Biases(boolean queryKeyValue, boolean output, boolean mlp) {
        static final Biases NONE = new Biases(false, false, false);
    }

    public ModelConfig {
        layers = List.copyOf(layers);
    }

    public static final String FILE = "config.json";

    /** Reads {@code config.json} in a model's folder; an architecture that is not known is refused by name. */
    public static ModelConfig read(Path folder) {
        Path file = folder.resolve(FILE);
        if (!Files.isRegularFile(file)) {
            throw Problem.of(FailureReason.ModelNotFound, "the model's folder has no " + FILE)
                    .where("spec.model.uri")
                    .found(folder)
                    .remedy("name a folder as save_pretrained writes it")
                    .failure();
        }
        try {
            if (!(new ObjectMapper().readTree(file.toFile()) instanceof ObjectNode root)) {
                throw Problem.of(FailureReason.InvalidConfiguration, "the file is not a JSON object")
                        .where(file.toString())
                        .failure();
            }
            return Architecture.of(file, root).configure(new ConfigFile(file, root));
        } catch (IOException e) {
            throw Problem.of(FailureReason.InvalidConfiguration, "the file is not JSON: " + JsonErrors.describe(e))
                    .where(file.toString())
                    .remedy("fetch the model again")
                    .failure(e);
        }
    }

    /** A quantized checkpoint is trained as such: the resource must say so, for its other settings follow from it. */
    public void requireQuantization(SocraticFineTuneSpec spec) {
        if (stored == StoredQuantization.NF4 && spec.quantization() == null) {
            throw Problem.of(FailureReason.InvalidConfiguration, "the model's checkpoint is quantized")
                    .where("spec.quantization")
                    .found("nothing")
                    .allowed("{type: nf4}, with doubleQuant as the checkpoint has it")
                    .failure();
        }
    }

    /** @param tokens the tokenizer's size; embeddings grow to it */
    public ModelShape shape(int tokens) {
        List<Integer> norms = new ArrayList<>(List.of(hiddenSize, hiddenSize));
        Stream.of(normNames.attentionPost(), normNames.mlpPost())
                .flatMap(Optional::stream)
                .forEach(name -> norms.add(hiddenSize));
        Stream.of(normNames.query(), normNames.key())
                .flatMap(Optional::stream)
                .forEach(name -> norms.add(heads.dimension()));
        return new ModelShape(
                Math.max(vocabularySize, tokens),
                hiddenSize,
                intermediateSize,
                layers.size(),
                heads.query(),
                heads.keyValue(),
                heads.dimension(),
                projections.all().stream().map(module -> module.shape(this)).toList(),
                norms,
                tiedHead ? ModelShape.Head.TIED : ModelShape.Head.OWN,
                layers.stream().anyMatch(layer -> layer.rope().followsLength())
                        ? ModelShape.Rotation.BY_LENGTH
                        : ModelShape.Rotation.BY_POSITION);
    }
}
