package dev.socratic.trainer.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.socratic.trainer.checkpoint.TensorToWrite;
import dev.socratic.trainer.data.Batch;
import dev.socratic.trainer.engine.Dropout;
import dev.socratic.trainer.engine.Noise;
import dev.socratic.trainer.engine.Ops;
import dev.socratic.trainer.engine.Precision;
import dev.socratic.trainer.engine.Tensors;
import dev.socratic.trainer.engine.TokenLoss;
import dev.socratic.trainer.engine.TorchEngine;
import dev.socratic.trainer.model.DecoderLayer.Activations;
import dev.socratic.trainer.model.DecoderLayer.Pass;
import dev.socratic.trainer.placement.SavedActivations;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;

/**
 * A causal language model on its devices: frozen weights and the adapter that is trained. The backward pass goes block
 * by block, so that {@link SavedActivations} decides what is kept and what is computed again.
 */
public final class Decoder implements AutoCloseable {
    private final TorchEngine engine;
    private final NDManager owner;
    private final ModelConfig config;
    private final DecoderWeights weights;
    private final LoraAdapter adapter;
    private final PassFactory passes;
    private final DecoderLayer block;
    private final SavedActivations saving;
    private final LoadedModel facts;

    Decoder(
            TorchEngine engine,
            NDManager owner,
            ModelConfig config,
            DecoderWeights weights,
            LoraAdapter adapter,
            PassFactory passes,
            SavedActivations saving,
            LoadedModel facts) {
        this.engine = engine;
        this.owner = owner;
        this.config = config;
        this.weights = weights;
        this.adapter = adapter;
        this.passes = passes;
        this.block = new DecoderLayer(engine.ops(), engine.tensors(), config);
        this.saving = saving;
        this.facts = facts;
    }

    /** Loads, casts and quantizes the weights and puts them on their devices. */
    public static Decoder load(TorchEngine engine, LoadRequest request) {
        return new ModelLoader(engine, request).load();
    }

    /** A model of a folder's {@code config.json} whose weights are drawn at random on their devices. */
    public static Decoder random(TorchEngine engine, LoadRequest request) {
        return new ModelLoader(engine, request).random();
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
            tensors.computeIfAbsent(LoraAdapter.weightName(ModelLoader.EMBEDDING), name -> floats(weights.embedding()));
            if (!weights.tiedHead()) {
                tensors.computeIfAbsent(
                        LoraAdapter.weightName(ModelLoader.HEAD),
                        name -> floats(weights.head().matrix()));
            }
        }
        return tensors;
    }

    private TensorToWrite floats(NDArray matrix) {
        try (NDManager scope = engine.root().newSubManager()) {
            NDArray values = tensors().cast(scope, matrix, Precision.FLOAT32);
            return TensorToWrite.floats(matrix.getShape().getShape(), values.toFloatArray());
        }
    }

    /**
     * One micro-batch forward and backward: adds {@code gradientScale} times the gradient of the summed token losses
     * to the adapter's gradients.
     *
     * @return the sum of the token losses, a float64 scalar that belongs to {@code results}
     */
    public NDArray train(NDManager results, Batch batch, double gradientScale, Dropout dropout, Noise noise) {
        try (NDManager scope = engine.root().newSubManager()) {
            LabelledRows rows = LabelledRows.of(batch);
            List<LayerRun> runs = new ArrayList<>();
            NDArray x = noised(scope, embed(scope, batch.inputIds()), batch.length(), noise);
            LayerInputs inputs = new LayerInputs(scope, (long) batch.rows() * batch.length());
            for (LayerWeights layer : weights.layers()) {
                Pass pass = passes.pass(scope, layer, batch).with(dropout.part(runs.size()));
                LayerRun run = forward(scope, layer, inputs.kept(layer, x), pass);
                runs.add(run);
                x = run.output;
            }
            TokenLoss loss = lossAndGradient(scope, x, rows, gradientScale);
            NDArray dx = loss.gradient();
            for (int i = runs.size() - 1; i >= 0; i--) {
                NDArray dOutput = dx;
                dx = backward(scope, weights.layers().get(i), runs.get(i), dOutput);
                dOutput.close();
            }
            embeddingBackward(scope, batch, dx);
            loss.sum().attach(results);
            return loss.sum();
        }
    }

    private NDArray noised(NDManager scope, NDArray embedded, int length, Noise noise) {
        return noise.alpha() == 0
                ? embedded
                : tensors().noised(scope, embedded, noise.bound(length, config.hiddenSize()), noise.seed());
    }

    /** The sum of the token losses of a batch, without dropout or gradient. */
    public double loss(Batch batch) {
        try (NDManager scope = engine.root().newSubManager()) {
            LabelledRows rows = LabelledRows.of(batch);
            NDArray normed = normed(scope, hidden(scope, batch), rows.rows());
            NDArray labels = tensors().onDevice(scope, scope.create(rows.labels()), weights.headDevice());
            return ops().loss(scope, normed, weights.head(), labels).sum().toDoubleArray()[0];
        }
    }

    private NDArray hidden(NDManager scope, Batch batch) {
        NDArray x = embed(scope, batch.inputIds());
        for (LayerWeights layer : weights.layers()) {
            x = step(scope, layer, x, passes.pass(scope, layer, batch));
        }
        return x;
    }

    /** A block's output alone: everything else that the block made is freed. */
    NDArray step(NDManager scope, LayerWeights layer, NDArray x, Pass pass) {
        try (NDManager inner = scope.newSubManager()) {
            NDArray here = tensors().onDevice(inner, x, layer.device());
            NDArray output = block.forward(inner, layer, here, pass).output();
            output.attach(scope);
            return output;
        }
    }

    /**
     * The inputs of blocks that are computed again, in one array a device: kept apart they would lie among what is freed
     * after each block, and leave no whole room for the logits.
     */
    private final class LayerInputs {
        private final NDManager scope;
        private final long rows;
        private final Map<Device, NDArray> arrays = new HashMap<>();
        private final Map<Device, Long> filled = new HashMap<>();

        LayerInputs(NDManager scope, long rows) {
            this.scope = scope;
            this.rows = rows;
        }

        NDArray kept(LayerWeights layer, NDArray x) {
            NDArray here = tensors().onDevice(scope, x, layer.device());
            if (saving != SavedActivations.INPUTS) {
                return here;
            }
            NDArray all = arrays.computeIfAbsent(layer.device(), this::allocate);
            long at = filled.merge(layer.device(), 1L, Long::sum) - 1;
            NDArray place = tensors().view(scope, all, at * rows * config.hiddenSize(), rows, config.hiddenSize());
            tensors().write(place, here);
            here.close();
            return place;
        }

        private NDArray allocate(Device device) {
            long layers = weights.layers().stream()
                    .filter(layer -> layer.device().equals(device))
                    .count();
            long size = layers * rows * config.hiddenSize();
            NDArray array =
                    tensors().allocate(scope, device, 1, size, facts.stream()).reshape(size);
            array.attach(scope);
            return array;
        }
    }

    /** A block's pass and what was saved of it; {@code activations} is null where they are computed again. */
    private record LayerRun(Pass pass, NDArray input, NDArray output, NDManager kept, Activations activations) {}

    private LayerRun forward(NDManager scope, LayerWeights layer, NDArray x, Pass pass) {
        if (saving == SavedActivations.INPUTS) {
            return new LayerRun(pass, x, step(scope, layer, x, pass), null, null);
        }
        NDManager kept = scope.newSubManager();
        Activations activations = block.forward(kept, layer, x, pass);
        return new LayerRun(pass, x, activations.output(), kept, activations);
    }

    private NDArray backward(NDManager scope, LayerWeights layer, LayerRun run, NDArray dOutput) {
        try (NDManager inner = run.kept == null ? scope.newSubManager() : run.kept) {
            Activations activations =
                    run.activations == null ? block.forward(inner, layer, run.input, run.pass) : run.activations;
            NDArray here = tensors().onDevice(inner, dOutput, layer.device());
            NDArray dInput = block.backward(inner, layer, activations, run.pass, here);
            dInput.attach(scope);
            return dInput;
        }
    }

    NDArray embed(NDManager scope, int[] tokens) {
        long[] ids = Arrays.stream(tokens).asLongStream().toArray();
        NDArray here = tensors().onDevice(scope, scope.create(ids), weights.embeddingDevice());
        return ops().embedding(scope, weights.embedding(), here, weights.embeddingScale(), facts.stream());
    }

    private void embeddingBackward(NDManager scope, Batch batch, NDArray dx) {
        weights.embeddingGradient().ifPresent(gradient -> {
            long[] ids = Arrays.stream(batch.inputIds()).asLongStream().toArray();
            NDArray here = tensors().onDevice(scope, scope.create(ids), weights.embeddingDevice());
            NDArray dEmbedded = tensors().onDevice(scope, dx, weights.embeddingDevice());
            ops().embeddingBackward(gradient, here, dEmbedded, weights.embeddingScale());
        });
    }

    /** Only rows whose next token has a label reach the head. */
    private TokenLoss lossAndGradient(NDManager scope, NDArray x, LabelledRows rows, double gradientScale) {
        try (NDManager inner = scope.newSubManager()) {
            Device device = weights.headDevice();
            NDArray here = tensors().onDevice(inner, x, device);
            NDArray indices = tensors().onDevice(inner, inner.create(rows.rows()), device);
            NDArray labels = tensors().onDevice(inner, inner.create(rows.labels()), device);
            NDArray chosen = tensors().rows(inner, here, indices);
            NDArray normed = ops().rmsNorm(inner, chosen, weights.norm());
            TokenLoss loss = ops().lossAndGradient(inner, normed, weights.head(), labels, gradientScale);
            NDArray dChosen = ops().rmsNormBackward(inner, chosen, weights.norm(), loss.gradient(), Optional.empty());
            NDArray dx = tensors().scatterRows(scope, (int) x.getShape().get(0), dChosen, indices);
            loss.sum().attach(scope);
            return new TokenLoss(loss.sum(), dx);
        }
    }

    /** Chosen rows of the last block's output, normalized for the head. */
    private NDArray normed(NDManager scope, NDArray x, long[] rows) {
        NDArray here = tensors().onDevice(scope, x, weights.headDevice());
        NDArray indices = tensors().onDevice(scope, scope.create(rows), weights.headDevice());
        return ops().rmsNorm(scope, tensors().rows(scope, here, indices), weights.norm());
    }

    /** Logits [rows, vocabulary] of chosen rows of the last block's output. */
    NDArray logits(NDManager scope, NDArray x, long[] rows) {
        return ops().logits(scope, normed(scope, x, rows), weights.head());
    }

    DecoderWeights weights() {
        return weights;
    }

    PassFactory passes() {
        return passes;
    }

    TorchEngine engine() {
        return engine;
    }

    private Ops ops() {
        return engine.ops();
    }

    private Tensors tensors() {
        return engine.tensors();
    }

    @Override
    public void close() {
        owner.close();
    }
}
