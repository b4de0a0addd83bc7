package dev.socratic.trainer.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.socratic.trainer.checkpoint.TensorToWrite;
import dev.socratic.trainer.data.Batch;
import dev.socratic.trainer.engine.Precision;
import dev.socratic.trainer.engine.TorchEngine;
import dev.socratic.trainer.placement.SavedActivations;
import dev.socratic.trainer.placement.Section;
import java.util.List;
import java.util.SortedMap;

/**
 * A causal language model on its devices: frozen weights and the adapter that is trained. The backward pass goes block
 * by block, so that {@link SavedActivations} decides what is kept and what is computed again; blocks of one device that follow
 * one another are a section, and micro-batches pass from section to section.
 */
public final class Decoder implements AutoCloseable {
    private final TorchEngine engine;
    private final NDManager owner;
    private final ModelConfig config;
    private final DecoderWeights weights;
    private final LoraAdapter adapter;
    private final LoadedModel facts;
    private final List<Section> layout;
    private final List<DecoderSection> sections;
    private final TokenEmbedding embedding;
    private final OutputHead head;

    Decoder(
            TorchEngine engine,
            NDManager owner,
            ModelConfig config,
            DecoderWeights weights,
            LoraAdapter adapter,
            LoadedModel facts,
            List<Section> layout,
            List<DecoderSection> sections) {
        this.engine = engine;
        this.owner = owner;
        this.config = config;
        this.weights = weights;
        this.adapter = adapter;
        this.facts = facts;
        this.layout = List.copyOf(layout);
        this.sections = List.copyOf(sections);
        this.embedding = new TokenEmbedding(engine, config, weights, facts);
        this.head = new OutputHead(engine, weights);
    }

    /** Loads, casts and quantizes the weights and puts them on their devices. */
    public static Decoder load(TorchEngine engine, LoadRequest request) {
        ModelLoader loader = new ModelLoader(engine, request);
        return loader.load(loader.stored());
    }

    /** A model of a folder's {@code config.json} whose weights are drawn at random on their devices. */
    public static Decoder random(TorchEngine engine, LoadRequest request) {
        ModelLoader loader = new ModelLoader(engine, request);
        return loader.load(loader.random());
    }

    public ModelConfig config() {
        return config;
    }

    public LoraAdapter adapter() {
        return adapter;
    }

    /** Sizes and settings that the load settled. */
    public LoadedModel facts() {
        return facts;
    }

    /** What an adapter file holds: all that is trained, and the embeddings where the vocabulary has grown. */
    public SortedMap<String, TensorToWrite> adapterTensors() {
        SortedMap<String, TensorToWrite> tensors = adapter.toPeft();
        if (facts.grownBy() > 0) {
            tensors.computeIfAbsent(
                    LoraAdapter.weightName(ModelLoader.EMBEDDING), name -> written(weights.embedding()));
            if (!weights.tiedHead()) {
                tensors.computeIfAbsent(
                        LoraAdapter.weightName(ModelLoader.HEAD),
                        name -> written(weights.head().matrix()));
            }
        }
        return tensors;
    }

    private TensorToWrite written(NDArray matrix) {
        try (NDManager scope = engine.root().newSubManager()) {
            NDArray values = engine.tensors().cast(scope, matrix, Precision.FLOAT32);
            float[] floats = values.toFloatArray();
            return TensorToWrite.made(facts.stream().stored(), matrix.getShape().getShape(), () -> floats);
        }
    }

    /** A scope for what belongs to a step. */
    public NDManager newScope() {
        return engine.root().newSubManager();
    }

    /**
     * A micro-batch of a step, ready to pass through the sections.
     *
     * @param results owner of its loss
     */
    public MicroBatch begin(NDManager results, Batch batch, MicroBatch.Settings settings) {
        return new MicroBatch(this, results, batch, settings);
    }

    /** The devices of the sections in the order in which tokens pass through them; the first one's is that of the embedding. */
    public List<Section> layout() {
        return layout;
    }

    /** The sum of the token losses of a batch, without dropout or gradient. */
    public double loss(Batch batch) {
        try (NDManager scope = engine.root().newSubManager()) {
            NDArray x = embedding.embed(scope, embedding.ids(scope, batch.inputIds()));
            for (DecoderSection section : sections) {
                NDArray here = engine.tensors().onDevice(scope, x, section.device());
                x = section.through(scope, here, batch, section.starts(scope, batch));
            }
            return head.loss(scope, x, head.rows(scope, LabelledRows.of(batch))).toDoubleArray()[0];
        }
    }

    DecoderWeights weights() {
        return weights;
    }

    List<DecoderSection> sections() {
        return sections;
    }

    TokenEmbedding embedding() {
        return embedding;
    }

    OutputHead head() {
        return head;
    }

    TorchEngine engine() {
        return engine;
    }

    @Override
    public void close() {
        owner.close();
    }
}
