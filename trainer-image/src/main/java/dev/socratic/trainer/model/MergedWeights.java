package dev.socratic.trainer.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.trainer.checkpoint.Checkpoint;
import dev.socratic.trainer.checkpoint.DType;
import dev.socratic.trainer.checkpoint.HalfPrecision;
import dev.socratic.trainer.checkpoint.StoredTensor;
import dev.socratic.trainer.checkpoint.TensorToWrite;
import dev.socratic.trainer.engine.Precision;
import dev.socratic.trainer.engine.TorchEngine;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import dev.socratic.trainer.quant.DoubleQuant;
import dev.socratic.trainer.quant.InnerLinears;
import dev.socratic.trainer.quant.Nf4;
import dev.socratic.trainer.quant.Nf4Tensor;
import dev.socratic.trainer.quant.QuantState;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * A model's weights with an adapter merged into them, as PEFT's {@code merge_and_unload} computes them, in the model's
 * type. Each is made when it is written, so that memory does not grow with the model.
 */
public final class MergedWeights {
    private static final String WEIGHT = ".weight";
    private static final String EMBEDDING = ModelLoader.EMBEDDING + WEIGHT;
    private static final String HEAD = ModelLoader.HEAD + WEIGHT;

    private final TorchEngine engine;
    private final SocraticFineTuneSpec spec;
    private final Checkpoint model;
    private final Checkpoint adapter;
    private final BaseWeights base;
    private final Precision dtype;
    private final Set<String> used = new HashSet<>();
    private final Map<String, TensorToWrite> tensors = new TreeMap<>();

    private MergedWeights(
            TorchEngine engine, SocraticFineTuneSpec spec, Checkpoint model, Checkpoint adapter, BaseWeights base) {
        this.engine = engine;
        this.spec = spec;
        this.model = model;
        this.adapter = adapter;
        this.base = base;
        this.dtype = Precision.of(spec.model().dtype());
    }

    /**
     * @param tensors by name; valid while both checkpoints and the engine are open
     * @param tiedHead whether the head is the input embedding, and is left out
     */
    public record Merged(Map<String, TensorToWrite> tensors, boolean tiedHead) {}

    /** @throws dev.socratic.trainer.failure.TrainerFailure if the adapter has parts that the model has no place for */
    public static Merged of(
            TorchEngine engine,
            SocraticFineTuneSpec spec,
            ModelConfig config,
            Checkpoint model,
            Checkpoint adapter,
            BaseWeights base) {
        return new MergedWeights(engine, spec, model, adapter, base).merge(config);
    }

    private Merged merge(ModelConfig config) {
        boolean tied = config.tiedHead() && !model.hasDifferent(HEAD, EMBEDDING);
        for (String name : model.names()) {
            boolean unread = QuantState.isPart(name) || name.endsWith(".rotary_emb.inv_freq");
            if (!unread && !(tied && name.equals(HEAD))) {
                tensors.put(name, merged(name));
            }
        }
        boolean parted = tied && !LoraTargets.embeddings(spec.lora()).isEmpty();
        if (parted) {
            tensors.put(HEAD, replaced(HEAD).orElseGet(() -> cast(model.tensor(EMBEDDING))));
        }
        adapter.names().stream()
                .filter(name -> !used.contains(name) && !LoraAdapter.isEmbedding(name))
                .findFirst()
                .ifPresent(name -> {
                    throw Problem.of(
                                    FailureReason.InvalidConfiguration,
                                    "the adapter has a tensor that the model has no place for")
                            .where("spec.model.uri")
                            .found(name)
                            .remedy("name the model that the adapter was trained for")
                            .failure();
                });
        return new Merged(tensors, tied && !parted);
    }

    private TensorToWrite merged(String name) {
        String module = name.endsWith(WEIGHT) ? name.substring(0, name.length() - WEIGHT.length()) : name;
        String prefix = LoraAdapter.PREFIX + module;
        if (adapter.has(prefix + ".lora_A.weight")) {
            return adapted(name, module, prefix);
        }
        return replaced(name).orElseGet(() -> frozen(name));
    }

    /** Embeddings and biases that the adapter brings whole. */
    private Optional<TensorToWrite> replaced(String name) {
        String biasOfTarget = name.replaceFirst("\\.bias$", ".base_layer.bias");
        return List.of(LoraAdapter.PREFIX + name, LoraAdapter.PREFIX + biasOfTarget).stream()
                .filter(adapter::has)
                .findFirst()
                .map(found -> {
                    used.add(found);
                    return cast(adapter.tensor(found));
                });
    }

    private TensorToWrite cast(StoredTensor tensor) {
        return tensor.dtype().isFloatingPoint()
                ? TensorToWrite.cast(tensor, dtype.stored())
                : TensorToWrite.copyOf(tensor);
    }

    private TensorToWrite frozen(String name) {
        StoredTensor tensor = model.tensor(name);
        return quantized(name) ? TensorToWrite.made(dtype.stored(), shape(name), () -> values(name)) : cast(tensor);
    }

    private TensorToWrite adapted(String name, String module, String prefix) {
        List<StoredTensor> factors = new ArrayList<>();
        for (String part : List.of(".lora_A.weight", ".lora_B.weight", ".lora_magnitude_vector")) {
            if (adapter.has(prefix + part)) {
                used.add(prefix + part);
                factors.add(adapter.tensor(prefix + part));
            }
        }
        long[] shape = shape(name);
        return TensorToWrite.made(dtype.stored(), shape, () -> {
            try (NDManager scope = engine.root().newSubManager(Device.cpu())) {
                NDArray weight = scope.create(values(name), new Shape(shape));
                List<NDArray> arrays = factors.stream()
                        .map(factor -> scope.create(factor.toFloats(), new Shape(factor.shape())))
                        .toList();
                double scaling = spec.lora().scalingOf(module);
                return engine.tensors()
                        .merged(scope, weight, arrays, scaling, dtype)
                        .toFloatArray();
            }
        });
    }

    private boolean quantized(String name) {
        StoredTensor tensor = model.tensor(name);
        return QuantState.find(model, name).isPresent()
                || base == BaseWeights.AS_TRAINED
                        && spec.quantization() != null
                        && InnerLinears.contains(name, tensor.shape());
    }

    private long[] shape(String name) {
        return QuantState.find(model, name)
                .map(matrix -> matrix.tensor().shape())
                .orElseGet(() -> model.tensor(name).shape());
    }

    /** A linear layer's frozen weight as it was trained beside, rounded to the type it was quantized from. */
    private float[] values(String name) {
        Optional<QuantState.Matrix> stored = QuantState.find(model, name);
        if (stored.isPresent()) {
            DType source = Precision.of(stored.get().source()).stored();
            return dequantized(stored.get().tensor(), source);
        }
        StoredTensor tensor = model.tensor(name);
        if (!quantized(name)) {
            return tensor.toFloats(dtype.stored());
        }
        DoubleQuant doubleQuant = spec.quantization().doubleQuant() ? DoubleQuant.ON : DoubleQuant.OFF;
        return dequantized(Nf4.quantize(tensor, dtype.stored(), doubleQuant), dtype.stored());
    }

    private static float[] dequantized(Nf4Tensor tensor, DType source) {
        float[] values = Nf4.dequantize(tensor);
        HalfPrecision.round(values, 0, values.length, source);
        return values;
    }
}
