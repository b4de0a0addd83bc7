package dev.socratic.trainer.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.socratic.api.v1alpha1.spec.LoraSpec;
import dev.socratic.trainer.checkpoint.Checkpoint;
import dev.socratic.trainer.checkpoint.TensorToWrite;
import dev.socratic.trainer.engine.AdamW;
import dev.socratic.trainer.engine.LoraFactors;
import dev.socratic.trainer.engine.Ops;
import dev.socratic.trainer.engine.Precision;
import dev.socratic.trainer.engine.Tensors;
import dev.socratic.trainer.engine.TorchEngine;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * The trainable parameters: LoRA factors A [r, in] and B [out, r] of the targeted linear layers. Those of a device lie
 * in one flat float32 buffer, with gradients and both Adam moments in three more of the same layout, so that an
 * optimizer step is one operation a device.
 */
public final class LoraAdapter {
    /** A linear layer that gets an adapter; its name is that of the module, {@code model.layers.0.self_attn.q_proj}. */
    record Target(String module, long inputs, long outputs, Device device) {}

    /** The flat arrays of one device, each [P]. */
    record Buffers(NDArray parameters, NDArray gradients, NDArray firstMoment, NDArray secondMoment) {
        List<NDArray> all() {
            return List.of(parameters, gradients, firstMoment, secondMoment);
        }
    }

    /** Where a factor lies: rows x columns elements of its device's buffers from {@code at} on. */
    private record Place(Device device, long at, long rows, long columns) {}

    private static final String PREFIX = "base_model.model.";

    private final TorchEngine engine;
    private final LoraSpec spec;
    private final List<Target> targets;
    private final Map<String, Place> places = new LinkedHashMap<>();
    private final Map<Device, Buffers> buffers = new LinkedHashMap<>();
    private final Map<String, LoraFactors> factors = new LinkedHashMap<>();

    LoraAdapter(TorchEngine engine, NDManager owner, LoraSpec spec, List<Target> targets) {
        this.engine = engine;
        this.spec = spec;
        this.targets = List.copyOf(targets);
        Map<Device, Long> sizes = new LinkedHashMap<>();
        for (Target target : targets) {
            place(sizes, target, aName(target.module), spec.r(), target.inputs);
            place(sizes, target, bName(target.module), target.outputs, spec.r());
        }
        sizes.forEach((device, size) -> buffers.put(device, allocate(owner, device, size)));
        targets.forEach(target -> factors.put(target.module, views(owner, target)));
    }

    private void place(Map<Device, Long> sizes, Target target, String name, long rows, long columns) {
        long at = sizes.getOrDefault(target.device, 0L);
        places.put(name, new Place(target.device, at, rows, columns));
        sizes.put(target.device, at + rows * columns);
    }

    private static Buffers allocate(NDManager owner, Device device, long size) {
        Shape shape = new Shape(size);
        return new Buffers(
                owner.zeros(shape, DataType.FLOAT32, device),
                owner.zeros(shape, DataType.FLOAT32, device),
                owner.zeros(shape, DataType.FLOAT32, device),
                owner.zeros(shape, DataType.FLOAT32, device));
    }

    private LoraFactors views(NDManager owner, Target target) {
        Buffers own = buffers.get(target.device);
        Place a = places.get(aName(target.module));
        Place b = places.get(bName(target.module));
        return new LoraFactors(
                view(owner, own.parameters, a),
                view(owner, own.parameters, b),
                view(owner, own.gradients, a),
                view(owner, own.gradients, b),
                spec.alpha() / (spec.useRslora() ? Math.sqrt(spec.r()) : spec.r()));
    }

    private NDArray view(NDManager scope, NDArray buffer, Place place) {
        return tensors().view(scope, buffer, place.at, place.rows, place.columns);
    }

    /** The factors of a linear layer, if it is targeted. */
    Optional<LoraFactors> factors(String module) {
        return Optional.ofNullable(factors.get(module));
    }

    /**
     * PEFT's initialization for a seed: B is zero, A uniform, drawn in the order of the modules from torch's CPU
     * generator and rounded through the type that the layer computes in.
     */
    void initialize(long seed, Precision through) {
        try (NDManager scope = engine.root().newSubManager()) {
            tensors().seed(scope, seed);
            for (Target target : targets) {
                NDArray a = tensors().loraA(scope, spec.r(), target.inputs, target.outputs, through);
                tensors().write(factors.get(target.module).a(), a);
                tensors().zero(factors.get(target.module).b());
            }
        }
    }

    /** Takes the factors from an adapter in PEFT's format; it must have exactly the factors of this one. */
    void load(Checkpoint adapter, Path source) {
        places.forEach((name, place) -> {
            if (!adapter.has(name) || !Arrays.equals(adapter.tensor(name).shape(), shape(place))) {
                throw mismatch(source, name, place, adapter);
            }
            write(
                    place,
                    buffers.get(place.device).parameters,
                    adapter.tensor(name).toFloats());
        });
        adapter.names().stream()
                .filter(name -> name.contains(".lora_") && !places.containsKey(name))
                .findFirst()
                .ifPresent(name -> {
                    throw Problem.of(FailureReason.InvalidConfiguration, "the initial adapter adapts more layers")
                            .where("spec.lora.targetModules")
                            .found(name + " in " + source)
                            .remedy("target the same modules as the initial adapter")
                            .failure();
                });
    }

    private static RuntimeException mismatch(Path source, String name, Place place, Checkpoint adapter) {
        return Problem.of(FailureReason.InvalidConfiguration, "the initial adapter does not fit spec.lora")
                .where("spec.lora.initialAdapterUri")
                .found(
                        adapter.has(name)
                                ? name + " of shape "
                                        + Arrays.toString(adapter.tensor(name).shape())
                                : "no " + name + " in " + source)
                .allowed(name + " of shape " + Arrays.toString(shape(place)))
                .remedy("give r and targetModules of the adapter's adapter_config.json")
                .failure();
    }

    private static long[] shape(Place place) {
        return new long[] {place.rows, place.columns};
    }

    private void write(Place place, NDArray buffer, float[] values) {
        try (NDManager scope = engine.root().newSubManager(Device.cpu())) {
            NDArray array = scope.create(values, new Shape(place.rows, place.columns));
            tensors().write(view(scope, buffer, place), array);
        }
    }

    /** The factors under PEFT's names, float32. */
    public SortedMap<String, TensorToWrite> toPeft() {
        return read(Buffers::parameters);
    }

    private SortedMap<String, TensorToWrite> read(Function<Buffers, NDArray> which) {
        SortedMap<String, TensorToWrite> result = new TreeMap<>();
        try (NDManager scope = engine.root().newSubManager()) {
            places.forEach((name, place) -> {
                NDArray values = view(scope, which.apply(buffers.get(place.device)), place);
                result.put(name, TensorToWrite.floats(shape(place), values.toFloatArray()));
            });
        }
        return result;
    }

    /** Parameters and both moments, for a checkpoint of the run. */
    public SortedMap<String, TensorToWrite> state() {
        SortedMap<String, TensorToWrite> state = new TreeMap<>(toPeft());
        read(Buffers::firstMoment).forEach((name, tensor) -> state.put("first_moment." + name, tensor));
        read(Buffers::secondMoment).forEach((name, tensor) -> state.put("second_moment." + name, tensor));
        return state;
    }

    /** Sets what {@link #state()} gave. */
    public void restore(Checkpoint state) {
        places.forEach((name, place) -> {
            Buffers own = buffers.get(place.device);
            write(place, own.parameters, state.tensor(name).toFloats());
            write(place, own.firstMoment, state.tensor("first_moment." + name).toFloats());
            write(place, own.secondMoment, state.tensor("second_moment." + name).toFloats());
        });
    }

    public void zeroGradients() {
        buffers.values().forEach(own -> tensors().zero(own.gradients));
    }

    /** Euclidean norm of all gradients. */
    public double gradientNorm() {
        double squares = 0;
        for (Buffers own : buffers.values()) {
            double norm = ops().norm(own.gradients);
            squares += norm * norm;
        }
        return Math.sqrt(squares);
    }

    public void step(AdamW settings) {
        buffers.values()
                .forEach(
                        own -> ops().adamw(own.parameters, own.gradients, own.firstMoment, own.secondMoment, settings));
    }

    /** Trainable parameters. */
    public long size() {
        return places.values().stream().mapToLong(p -> p.rows * p.columns).sum();
    }

    private Ops ops() {
        return engine.ops();
    }

    private Tensors tensors() {
        return engine.tensors();
    }

    private static String aName(String module) {
        return PREFIX + module + ".lora_A.weight";
    }

    private static String bName(String module) {
        return PREFIX + module + ".lora_B.weight";
    }
}
