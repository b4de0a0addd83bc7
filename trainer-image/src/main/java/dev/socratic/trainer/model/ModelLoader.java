package dev.socratic.trainer.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.socratic.api.v1alpha1.spec.Attention;
import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.trainer.checkpoint.Checkpoint;
import dev.socratic.trainer.engine.Devices;
import dev.socratic.trainer.engine.HeadWeight;
import dev.socratic.trainer.engine.Linear;
import dev.socratic.trainer.engine.NormWeight;
import dev.socratic.trainer.engine.Precision;
import dev.socratic.trainer.engine.TorchEngine;
import dev.socratic.trainer.engine.Weight;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Puts a checkpoint's tensors on their devices, in the types that the specification asks for. */
final class ModelLoader {
    private static final String EMBEDDING = "model.embed_tokens.weight";
    private static final String HEAD = "lm_head.weight";
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

    Decoder load() {
        try (Checkpoint checkpoint = Checkpoint.open(request.folder())) {
            return load(checkpoint);
        } catch (RuntimeException | Error e) {
            owner.close();
            throw e;
        }
    }

    private Decoder load(Checkpoint checkpoint) {
        List<ModuleNames> names = new ArrayList<>();
        for (int i = 0; i < config.layers().size(); i++) {
            names.add(new ModuleNames(i));
        }
        LoraAdapter adapter = adapter(names);
        WeightReader reader = new WeightReader(engine, owner, checkpoint, spec, stream);
        int vocabulary = Math.max(config.vocabularySize(), request.tokens());
        Device embeddingDevice = Devices.of(request.devices().embedding());
        Device headDevice = Devices.of(request.devices().head());
        NDArray embedding = reader.embedding(EMBEDDING, vocabulary, config.hiddenSize(), embeddingDevice);
        List<LayerWeights> layers =
                names.stream().map(layer -> layer(reader, layer, adapter)).toList();
        NormWeight norm = norm(reader, NORM, config.hiddenSize(), headDevice);
        // as transformers 5: a head of its own in the checkpoint is used, whatever the configuration says
        boolean tied = config.tiedHead() && !checkpoint.hasDifferent(HEAD, EMBEDDING);
        NDArray head = tied
                ? reader.shared(embedding, headDevice)
                : reader.embedding(HEAD, vocabulary, config.hiddenSize(), headDevice);
        request.initialAdapter().ifPresent(folder -> reader.replaceEmbedding(folder.resolve(ADAPTER_FILE), embedding));
        float embeddingScale = Precision.of(spec.model().dtype()).round((float) config.embeddingScale());
        DecoderWeights weights = new DecoderWeights(
                embedding,
                embeddingScale,
                embeddingDevice,
                layers,
                norm,
                new HeadWeight(head, config.finalSoftcap()),
                headDevice,
                tied);
        double softcap = spec.model().attention() == Attention.EAGER ? config.attentionSoftcap() : 0;
        LoadedModel facts = new LoadedModel(
                vocabulary,
                vocabulary - config.vocabularySize(),
                stream,
                compute,
                targeted.stream().map(LinearModule::shortName).toList(),
                reader.parameters() + adapter.size(),
                adapter.size());
        PassFactory passes = new PassFactory(engine, owner, config, softcap, stream);
        return new Decoder(engine, owner, config, weights, adapter, passes, request.saved(), facts);
    }

    private LoraAdapter adapter(List<ModuleNames> names) {
        List<LoraAdapter.Target> targets = new ArrayList<>();
        for (ModuleNames layer : names) {
            Device device = device(layer);
            targeted.stream()
                    .map(module -> new LoraAdapter.Target(
                            layer.of(module), module.inputs(config), module.outputs(config), device))
                    .forEach(targets::add);
        }
        LoraAdapter adapter = new LoraAdapter(engine, owner, spec.lora(), targets);
        if (request.initialAdapter().isPresent()) {
            Path file = request.initialAdapter().get().resolve(ADAPTER_FILE);
            try (Checkpoint initial = Checkpoint.open(file)) {
                adapter.load(initial, file);
            }
        } else {
            adapter.initialize(spec.training().seed(), compute);
        }
        return adapter;
    }

    private Device device(ModuleNames layer) {
        return Devices.of(request.devices().layers().get(layer.index()));
    }

    private LayerWeights layer(WeightReader reader, ModuleNames names, LoraAdapter adapter) {
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
            WeightReader reader, ModuleNames names, List<LinearModule> modules, Device device, LoraAdapter adapter) {
        return modules.stream()
                .map(module -> linear(reader, names, module, device, adapter))
                .toList();
    }

    private Linear linear(
            WeightReader reader, ModuleNames names, LinearModule module, Device device, LoraAdapter adapter) {
        String name = names.of(module);
        Weight weight = reader.linear(name + ".weight", module.outputs(config), module.inputs(config), device);
        Optional<NDArray> bias = module.hasBias(config.biases())
                ? Optional.of(reader.vector(name + ".bias", module.outputs(config), device))
                : Optional.empty();
        return new Linear(name, weight, compute, bias, adapter.factors(name));
    }

    private NormWeight norm(WeightReader reader, String name, int size, Device device) {
        return new NormWeight(reader.vector(name, size, device), config.normEpsilon(), config.normScale());
    }
}
