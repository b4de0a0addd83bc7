package dev.socratic.trainer.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.trainer.checkpoint.Checkpoint;
import dev.socratic.trainer.engine.Devices;
import dev.socratic.trainer.engine.HeadWeight;
import dev.socratic.trainer.engine.Linear;
import dev.socratic.trainer.engine.NormWeight;
import dev.socratic.trainer.engine.Precision;
import dev.socratic.trainer.engine.TorchEngine;
import dev.socratic.trainer.engine.Weight;
import dev.socratic.trainer.placement.Section;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;

/** Puts a checkpoint's tensors on their devices, in the types that the specification asks for. */
final class ModelLoader {
    /** Modules of the embeddings. */
    static final String EMBEDDING = "model.embed_tokens";

    static final String HEAD = "lm_head";
    private static final String NORM = "model.norm.weight";
    private static final String ADAPTER_FILE = "adapter_model.safetensors";

    private final TorchEngine engine;
    private final LoadRequest request;
    private final SocraticFineTuneSpec spec;
    private final ModelConfig config;
    private final NDManager owner;
    private final Precision stream;
    private final Precision compute;
    private final List<LinearModule> targeted;

    ModelLoader(TorchEngine engine, LoadRequest request) {
        this.engine = engine;
        this.request = request;
        this.spec = request.spec();
        this.config = ModelConfig.read(request.folder());
        config.requireQuantization(spec);
        this.owner = engine.root().newSubManager();
        this.targeted = LinearModule.targeted(
                spec.lora().targetModules(), config.projections().all());
        Precision dtype = Precision.of(spec.model().dtype());
        // prepare_model_for_kbit_training: beside quantized layers everything is computed in float32
        this.stream = spec.quantization() == null ? dtype : Precision.FLOAT32;
        this.compute = spec.quantization() == null
                ? dtype
                : Precision.of(spec.quantization().computeDtype());
    }

    /** The weights of the request's folder. */
    WeightSource stored() {
        return new WeightReader(engine, owner, Checkpoint.open(request.folder()), config.stored(), spec, stream);
    }

    /** Weights for the shape and the settings of the request, drawn at random. */
    WeightSource random() {
        return new RandomWeights(engine, owner, spec, stream);
    }

    Decoder load(WeightSource source) {
        try (source) {
            return loaded(source);
        }
    }

    /** A decoder of weights that others may be made of as well. */
    private Decoder loaded(WeightSource source) {
        try {
            return decoder(source);
        } catch (RuntimeException | Error e) {
            owner.close();
            throw e;
        }
    }

    /**
     * A decoder as the request says and one more on each further device, of the same weights.
     *
     * @param source what this loader gives
     */
    List<Decoder> load(WeightSource source, List<String> further) {
        List<Decoder> decoders = new ArrayList<>();
        try (SharedWeights shared = new SharedWeights(source, engine.tensors())) {
            decoders.add(loaded(shared));
            for (String device : further) {
                ModelLoader loader = new ModelLoader(engine, request.allOn(device));
                shared.copyFor(loader.owner);
                decoders.add(loader.loaded(shared));
            }
            return List.copyOf(decoders);
        } catch (RuntimeException | Error e) {
            decoders.forEach(Decoder::close);
            throw e;
        }
    }

    private Decoder decoder(WeightSource reader) {
        List<ModuleNames> names = IntStream.range(0, config.layers().size())
                .mapToObj(ModuleNames::new)
                .toList();
        int vocabulary = Math.max(config.vocabularySize(), request.tokens());
        LoraAdapter adapter = adapter(names, vocabulary);
        Embeddings embeddings = embeddings(reader, vocabulary, adapter);
        List<LayerWeights> layers =
                names.stream().map(layer -> layer(reader, layer, adapter)).toList();
        NormWeight norm = norm(reader, NORM, config.hiddenSize(), headDevice());
        start(adapter, layers);
        float embeddingScale = Precision.of(spec.model().dtype()).round((float) config.embeddingScale());
        DecoderWeights weights = new DecoderWeights(
                embeddings.input,
                embeddings.inputGradient,
                embeddingScale,
                embeddingDevice(),
                layers,
                norm,
                embeddings.head,
                headDevice(),
                embeddings.tied);
        LoadedModel facts = new LoadedModel(
                vocabulary,
                vocabulary - config.vocabularySize(),
                stream,
                compute,
                adapter.targetNames(),
                reader.parameters() + adapter.size(),
                adapter.size());
        DecoderLayer block = DecoderLayer.of(engine.ops(), engine.tensors(), config);
        List<Section> layout = Section.of(request.devices());
        List<DecoderSection> sections = layout.stream()
                .map(section -> new DecoderSection(
                        section,
                        Devices.of(section.device()),
                        layers,
                        request.saved(),
                        block,
                        new PassFactory(engine, owner, config, spec.model().attention(), stream),
                        engine.tensors()))
                .toList();
        return new Decoder(engine, owner, config, weights, adapter, facts, layout, sections);
    }

    private LoraAdapter adapter(List<ModuleNames> names, int vocabulary) {
        List<LoraAdapter.Layer> layers = new ArrayList<>();
        for (ModuleNames layer : names) {
            config.projections()
                    .all()
                    .forEach(module -> layers.add(new LoraAdapter.Layer(
                            layer.of(module),
                            module.inputs(config),
                            module.outputs(config),
                            targeted.contains(module),
                            Optional.of(biasType()).filter(type -> module.hasBias(config.biases())),
                            device(layer))));
        }
        LoraTargets.check(spec.lora(), layers);
        List<LoraAdapter.Embedding> embeddings = new ArrayList<>();
        for (String module : LoraTargets.embeddings(spec.lora())) {
            Device device = module.equals(HEAD) ? headDevice() : embeddingDevice();
            embeddings.add(new LoraAdapter.Embedding(module, vocabulary, config.hiddenSize(), device));
        }
        return new LoraAdapter(engine, owner, spec, stream, layers, embeddings);
    }

    /** As in bitsandbytes, the bias of an NF4 layer takes the type of its product. Float16 is left out: it ends in NaN. */
    private Precision biasType() {
        return compute == Precision.BFLOAT16 ? compute : stream;
    }

    /** Input and output embedding: frozen, or the trained copies. */
    private record Embeddings(NDArray input, Optional<NDArray> inputGradient, HeadWeight head, boolean tied) {}

    private Embeddings embeddings(WeightSource reader, int vocabulary, LoraAdapter adapter) {
        NDArray input = reader.embedding(EMBEDDING + ".weight", vocabulary, config.hiddenSize(), embeddingDevice());
        reader.replaceEmbedding(initialAdapter(), EMBEDDING, input);
        // as transformers 5: a head of its own in the checkpoint is used, whatever the configuration says
        boolean tied = config.tiedHead() && !reader.hasOwnHead();
        NDArray output = tied
                ? engine.tensors().onDevice(owner, input, headDevice())
                : reader.embedding(HEAD + ".weight", vocabulary, config.hiddenSize(), headDevice());
        if (!tied) {
            reader.replaceEmbedding(initialAdapter(), HEAD, output);
        }
        // as in PEFT, a trained copy of one of two tied embeddings leaves the other as it was
        Optional<LoraAdapter.TrainedEmbedding> trainedInput = adapter.trained(EMBEDDING, input);
        Optional<LoraAdapter.TrainedEmbedding> trainedOutput = adapter.trained(HEAD, output);
        if (trainedInput.isPresent() && !tied) {
            reader.release(input);
        }
        HeadWeight head = new HeadWeight(
                trainedOutput.map(LoraAdapter.TrainedEmbedding::value).orElse(output),
                config.finalSoftcap(),
                Objects.requireNonNullElse(spec.training().labelSmoothingFactor(), 0.0),
                trainedOutput.map(LoraAdapter.TrainedEmbedding::gradient));
        return new Embeddings(
                trainedInput.map(LoraAdapter.TrainedEmbedding::value).orElse(input),
                trainedInput.map(LoraAdapter.TrainedEmbedding::gradient),
                head,
                tied && trainedInput.isEmpty() && trainedOutput.isEmpty());
    }

    private Optional<Path> initialAdapter() {
        return request.initialAdapter().map(folder -> folder.resolve(ADAPTER_FILE));
    }

    /** What is trained starts as an initial adapter has it, or as PEFT initializes it. */
    private void start(LoraAdapter adapter, List<LayerWeights> layers) {
        if (request.initialAdapter().isPresent()) {
            InitialAdapter.check(spec.lora(), request.initialAdapter().get());
            Path file = initialAdapter().orElseThrow();
            try (Checkpoint initial = Checkpoint.open(file)) {
                adapter.load(initial, file);
            }
        } else {
            List<Linear> linears =
                    layers.stream().flatMap(LayerWeights::linears).toList();
            adapter.initialize(spec.training().seed(), compute, linears);
        }
    }

    /** On GPUs everything between two norms is computed in the type of the linear layers, as under autocast. */
    private Precision branch(Device device) {
        return device.isGpu() ? compute : stream;
    }

    private Device embeddingDevice() {
        return Devices.of(request.devices().embedding());
    }

    private Device headDevice() {
        return Devices.of(request.devices().head());
    }

    private Device device(ModuleNames layer) {
        return Devices.of(request.devices().layers().get(layer.index()));
    }

    private LayerWeights layer(WeightSource reader, ModuleNames names, LoraAdapter adapter) {
        Device device = device(names);
        NormNames norms = config.normNames();
        int headDimension = config.heads().dimension();
        return new LayerWeights(
                device,
                config.layers().get(names.index()),
                norm(reader, names.norm(norms.attention()), config.hiddenSize(), device),
                linears(reader, names, config.projections().queryKeyValue(), device, adapter),
                norms.query().map(name -> norm(reader, names.norm(name), headDimension, device)),
                norms.key().map(name -> norm(reader, names.norm(name), headDimension, device)),
                linear(reader, names, LinearModule.O_PROJ, device, adapter),
                norms.attentionPost().map(name -> norm(reader, names.norm(name), config.hiddenSize(), device)),
                norm(reader, names.norm(norms.mlp()), config.hiddenSize(), device),
                linears(reader, names, config.projections().gateUp(), device, adapter),
                linear(reader, names, LinearModule.DOWN_PROJ, device, adapter),
                norms.mlpPost().map(name -> norm(reader, names.norm(name), config.hiddenSize(), device)));
    }

    private List<Linear> linears(
            WeightSource reader, ModuleNames names, List<LinearModule> modules, Device device, LoraAdapter adapter) {
        return modules.stream()
                .map(module -> linear(reader, names, module, device, adapter))
                .toList();
    }

    private Linear linear(
            WeightSource reader, ModuleNames names, LinearModule module, Device device, LoraAdapter adapter) {
        String name = names.of(module);
        Weight weight = reader.linear(name + ".weight", module.outputs(config), module.inputs(config), device);
        Optional<NDArray> bias = module.hasBias(config.biases())
                ? Optional.of(reader.vector(name + ".bias", module.outputs(config), device))
                : Optional.empty();
        // a layer that is not quantized computes in the type of what runs through it
        Precision own = weight instanceof Weight.Dense ? stream : compute;
        return adapter.adapted(new Linear(name, weight, own, bias, Optional.empty()));
    }

    private NormWeight norm(WeightSource reader, String name, int size, Device device) {
        NDArray weight = reader.vector(name, size, device);
        return new NormWeight(weight, config.normEpsilon(), config.normScale(), branch(device));
    }
}
