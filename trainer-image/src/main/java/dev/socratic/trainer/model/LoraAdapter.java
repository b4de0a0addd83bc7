package dev.socratic.trainer.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.socratic.api.v1alpha1.spec.LoraBias;
import dev.socratic.api.v1alpha1.spec.LoraSpec;
import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.trainer.checkpoint.Checkpoint;
import dev.socratic.trainer.checkpoint.TensorToWrite;
import dev.socratic.trainer.engine.AdamW;
import dev.socratic.trainer.engine.Linear;
import dev.socratic.trainer.engine.LoraFactors;
import dev.socratic.trainer.engine.Precision;
import dev.socratic.trainer.engine.TorchEngine;
import dev.socratic.trainer.engine.Weight;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import dev.socratic.trainer.model.TrainedParameters.Decay;
import dev.socratic.trainer.model.TrainedParameters.Moments;
import dev.socratic.trainer.model.TrainedParameters.Parameter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What {@code spec.lora} trains: factors A [r, in] and B [out, r] of the targeted linear layers, with DoRA magnitudes
 * [out], biases as asked for, and whole embeddings. Names are those of PEFT's files.
 */
public final class LoraAdapter {
    /**
     * A linear layer; its name is that of the module, {@code model.layers.0.self_attn.q_proj}.
     *
     * @param bias the type in which a bias of it is trained, empty where it has none
     */
    record Layer(String module, long inputs, long outputs, boolean targeted, Optional<Precision> bias, Device device) {}

    /** An embedding that is trained as a whole: {@code model.embed_tokens} or {@code lm_head}. */
    record Embedding(String module, long rows, long columns, Device device) {}

    /** What PEFT puts before the name of a module of the base model. */
    static final String PREFIX = "base_model.model.";

    private final TorchEngine engine;
    private final LoraSpec spec;
    private final List<Layer> targets;
    private final TrainedParameters parameters;
    private final Map<String, LoraFactors> factors = new LinkedHashMap<>();
    private final Map<String, String> biases = new LinkedHashMap<>();

    /** @param stream type of the model's values outside of its linear layers, in which PEFT has what it trains as a whole */
    LoraAdapter(
            TorchEngine engine,
            NDManager owner,
            SocraticFineTuneSpec resource,
            Precision stream,
            List<Layer> layers,
            List<Embedding> embeddings) {
        this.engine = engine;
        this.spec = resource.lora();
        this.targets = layers.stream().filter(Layer::targeted).toList();
        List<Parameter> trained = new ArrayList<>();
        for (Layer layer : layers) {
            boolean bias = spec.bias() == LoraBias.ALL || spec.bias() == LoraBias.LORA_ONLY && layer.targeted;
            if (layer.targeted) {
                long rank = spec.rankOf(layer.module);
                trained.add(decayed(aName(layer.module), layer.device, rank, layer.inputs));
                trained.add(decayed(bName(layer.module), layer.device, layer.outputs, rank));
                if (spec.useDora()) {
                    trained.add(decayed(magnitudeName(layer.module), layer.device, layer.outputs));
                }
            }
            if (bias && layer.bias.isPresent()) {
                String name = PREFIX + layer.module + (layer.targeted ? ".base_layer.bias" : ".bias");
                biases.put(layer.module, name);
                List<Long> shape = List.of(layer.outputs);
                trained.add(new Parameter(name, shape, layer.device, Decay.FREE, Moments.BITS8, layer.bias.get()));
            }
        }
        for (Embedding embedding : embeddings) {
            trained.add(new Parameter(
                    weightName(embedding.module),
                    List.of(embedding.rows, embedding.columns),
                    embedding.device,
                    Decay.DECAYED,
                    embedding.module.equals(ModelLoader.EMBEDDING) ? Moments.FLOAT32 : Moments.BITS8,
                    stream));
        }
        parameters = new TrainedParameters(
                engine, owner, trained, resource.training().optimizer());
        targets.forEach(target -> factors.put(target.module, factors(target.module)));
    }

    private static Parameter decayed(String name, Device device, Long... shape) {
        return new Parameter(name, List.of(shape), device, Decay.DECAYED, Moments.BITS8, Precision.FLOAT32);
    }

    private LoraFactors factors(String module) {
        String a = aName(module);
        String b = bName(module);
        Optional<LoraFactors.Magnitude> magnitude = Optional.of(magnitudeName(module))
                .filter(parameters::has)
                .map(name -> new LoraFactors.Magnitude(parameters.value(name), parameters.gradient(name)));
        return new LoraFactors(
                parameters.value(a),
                parameters.value(b),
                parameters.gradient(a),
                parameters.gradient(b),
                spec.scalingOf(module),
                magnitude);
    }

    /** The layer with its trained parts: factors where it is targeted, a trained bias where it has one. */
    Linear adapted(Linear frozen) {
        Optional<LoraFactors> own = Optional.ofNullable(factors.get(frozen.name()));
        String bias = biases.get(frozen.name());
        if (bias == null) {
            return new Linear(frozen.name(), frozen.weight(), frozen.compute(), frozen.bias(), own);
        }
        parameters.set(bias, frozen.bias().orElseThrow());
        return new Linear(
                frozen.name(),
                frozen.weight(),
                frozen.compute(),
                Optional.of(parameters.value(bias)),
                own,
                Optional.of(parameters.gradient(bias)));
    }

    /** A trained copy of an embedding and its gradient. */
    record TrainedEmbedding(NDArray value, NDArray gradient) {}

    /** The trained copy of a module's embedding, which starts as {@code frozen}; empty if it is not trained. */
    Optional<TrainedEmbedding> trained(String module, NDArray frozen) {
        String name = weightName(module);
        if (!parameters.has(name)) {
            return Optional.empty();
        }
        parameters.set(name, frozen);
        return Optional.of(new TrainedEmbedding(parameters.value(name), parameters.gradient(name)));
    }

    /**
     * PEFT's initialization for a seed: B is zero, A uniform, drawn in the order of the modules from torch's CPU
     * generator and rounded through the type that the layer computes in; magnitudes are the norms of the frozen rows,
     * rounded to the type of the weights where the layer computes in it too.
     */
    void initialize(long seed, Precision through, List<Linear> layers) {
        try (NDManager scope = engine.root().newSubManager()) {
            engine.tensors().seed(scope, seed);
            for (Layer target : targets) {
                LoraFactors own = factors.get(target.module);
                NDArray a = engine.tensors()
                        .loraA(scope, spec.rankOf(target.module), target.inputs, target.outputs, through);
                engine.tensors().write(own.a(), a);
                engine.tensors().zero(own.b());
            }
            for (Linear layer : layers) {
                layer.lora()
                        .flatMap(LoraFactors::magnitude)
                        .ifPresent(magnitude -> engine.tensors().write(magnitude.value(), rowNorms(scope, layer)));
            }
        }
    }

    private NDArray rowNorms(NDManager scope, Linear layer) {
        NDArray norms = engine.ops().rowNorms(scope, layer);
        boolean wider = layer.weight() instanceof Weight.Nf4 nf4 && nf4.source() != layer.compute();
        return wider ? norms : engine.tensors().cast(scope, norms, layer.compute());
    }

    /** Takes the parameters from an adapter in PEFT's format; it must have exactly those of this one. */
    void load(Checkpoint adapter, Path source) {
        Map<String, long[]> shapes = parameters.shapes();
        shapes.forEach((name, shape) -> {
            if (!adapter.has(name) || !Arrays.equals(adapter.tensor(name).shape(), shape)) {
                throw mismatch(source, name, shape, adapter);
            }
            parameters.set(name, adapter.tensor(name).toFloats());
        });
        adapter.names().stream()
                .filter(name -> !shapes.containsKey(name) && !isEmbedding(name))
                .findFirst()
                .ifPresent(name -> {
                    throw Problem.of(
                                    FailureReason.InvalidConfiguration,
                                    "the initial adapter trains more than spec.lora")
                            .where("spec.lora.initialAdapterUri")
                            .found(name + " in " + source)
                            .remedy("give targetModules, useDora and bias as in the adapter's adapter_config.json")
                            .failure();
                });
    }

    /**
     * An adapter of a model whose vocabulary had grown carries the embeddings it was trained with; PEFT writes them once
     * more under the names that they have in memory where they are trained.
     */
    static boolean isEmbedding(String name) {
        return Stream.of(ModelLoader.EMBEDDING, ModelLoader.HEAD)
                .flatMap(module -> Stream.of(module, module + ".modules_to_save", module + ".original_module"))
                .anyMatch(module -> name.equals(weightName(module)));
    }

    private static RuntimeException mismatch(Path source, String name, long[] shape, Checkpoint adapter) {
        return Problem.of(FailureReason.InvalidConfiguration, "the initial adapter does not fit spec.lora")
                .where("spec.lora.initialAdapterUri")
                .found(
                        adapter.has(name)
                                ? name + " of shape "
                                        + Arrays.toString(adapter.tensor(name).shape())
                                : "no " + name + " in " + source)
                .allowed(name + " of shape " + Arrays.toString(shape))
                .remedy("give the fields of spec.lora as in the adapter's adapter_config.json")
                .failure();
    }

    /** The targeted layers by the names that PEFT writes to an adapter's configuration. */
    List<String> targetNames() {
        return LoraTargets.written(spec, targets);
    }

    /** What is trained under PEFT's names. */
    public SortedMap<String, TensorToWrite> toPeft() {
        return new TreeMap<>(parameters.tensors());
    }

    /** Parameters and both moments, for a checkpoint of the run. */
    public SortedMap<String, TensorToWrite> state() {
        return parameters.state();
    }

    /** Sets what {@link #state()} gave. */
    public void restore(Checkpoint state) {
        parameters.restore(state);
    }

    /** Takes the parameters of a replica's adapter. */
    void copy(LoraAdapter replica) {
        parameters.copy(replica.parameters);
    }

    /** Adds the gradients of a replica's adapter. */
    void addGradients(LoraAdapter replica) {
        parameters.addGradients(replica.parameters);
    }

    public void zeroGradients() {
        parameters.zeroGradients();
    }

    /** Euclidean norm of all gradients. */
    public double gradientNorm() {
        return parameters.gradientNorm();
    }

    public void step(AdamW settings) {
        parameters.step(settings);
    }

    /** Trainable parameters. */
    public long size() {
        return parameters.size();
    }

    private static String aName(String module) {
        return PREFIX + module + ".lora_A.weight";
    }

    private static String bName(String module) {
        return PREFIX + module + ".lora_B.weight";
    }

    private static String magnitudeName(String module) {
        return PREFIX + module + ".lora_magnitude_vector";
    }

    /** The name of a module's weight in an adapter's file. */
    static String weightName(String module) {
        return PREFIX + module + ".weight";
    }
}
