package dev.socratic.trainer.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.socratic.api.v1alpha1.spec.Optimizer;
import dev.socratic.trainer.checkpoint.Checkpoint;
import dev.socratic.trainer.checkpoint.DType;
import dev.socratic.trainer.checkpoint.StoredTensor;
import dev.socratic.trainer.checkpoint.TensorToWrite;
import dev.socratic.trainer.engine.Adam8bit;
import dev.socratic.trainer.engine.AdamW;
import dev.socratic.trainer.engine.Precision;
import dev.socratic.trainer.engine.TorchEngine;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Function;

/**
 * What a run trains, in float32. Parameters of one device, kind of decay, width of moments and rounding lie in one flat
 * buffer, with gradients and both Adam moments in further ones of the same layout, so that an optimizer step is one
 * operation a buffer. Where moments take 8 bits, each parameter begins a block of its own. What transformers trains in
 * bfloat16 is rounded to it after each step with its moments, as torch's fused AdamW stores them, and has gradients in it.
 */
final class TrainedParameters {
    /** Whether weight decay pulls at a parameter: as in transformers' Trainer, at all but biases. */
    enum Decay {
        DECAYED,
        FREE
    }

    /** How wide the moments of a parameter are. */
    enum Moments {
        FLOAT32,
        BITS8
    }

    /**
     * @param name in an adapter's file
     * @param shape of a vector or a matrix
     * @param narrowest what its moments may be: transformers' Trainer keeps those of an embedding in float32
     * @param kept type in which PEFT trains it and writes it to an adapter's file
     */
    record Parameter(String name, List<Long> shape, Device device, Decay decay, Moments narrowest, Precision kept) {
        Parameter {
            shape = List.copyOf(shape);
        }

        private Moments moments(Optimizer optimizer) {
            return optimizer == Optimizer.ADAMW8BIT && size() >= Adam8bit.SMALLEST ? narrowest : Moments.FLOAT32;
        }

        /** The type whose values it takes. Those of float16 stay wide: its smallest moments are zero, which makes NaN. */
        private Precision rounding() {
            return kept == Precision.BFLOAT16 ? kept : Precision.FLOAT32;
        }

        private long size() {
            return shape.stream().reduce(1L, Math::multiplyExact);
        }

        private long[] dimensions() {
            return shape.stream().mapToLong(Long::longValue).toArray();
        }
    }

    private record Group(Device device, Decay decay, Moments moments, Precision rounding) {
        /** The type that gradients are added up in; kernels of GPUs have them in float32. */
        private Precision gradients() {
            return device.isGpu() ? Precision.FLOAT32 : rounding;
        }
    }

    /** The flat arrays of a group, each [P]. */
    private record Buffers(NDArray parameters, NDArray gradients) {}

    private static final String FIRST = "first_moment.";
    private static final String SECOND = "second_moment.";
    private static final String FIRST_ABSMAX = "first_moment_absmax.";
    private static final String SECOND_ABSMAX = "second_moment_absmax.";

    /** Where a parameter lies: elements of its group's buffers from {@code at} on. */
    private record Place(Parameter parameter, Group group, long at) {}

    private final TorchEngine engine;
    private final NDManager owner;
    private final Optimizer optimizer;
    private final Map<String, Place> places = new LinkedHashMap<>();
    private final Map<Group, Buffers> buffers = new LinkedHashMap<>();
    /** What a checkpoint keeps beside the parameters, by name; there from the first time that it is needed. */
    private final Map<Group, Map<String, NDArray>> moments = new HashMap<>();

    TrainedParameters(TorchEngine engine, NDManager owner, List<Parameter> parameters, Optimizer optimizer) {
        this.engine = engine;
        this.owner = owner;
        this.optimizer = optimizer;
        Map<Group, Long> sizes = new LinkedHashMap<>();
        for (Parameter parameter : parameters) {
            Group group =
                    new Group(parameter.device, parameter.decay, parameter.moments(optimizer), parameter.rounding());
            long at = sizes.getOrDefault(group, 0L);
            places.put(parameter.name, new Place(parameter, group, at));
            boolean wide = group.moments == Moments.FLOAT32;
            sizes.put(group, at + (wide ? parameter.size() : blocks(parameter) * Adam8bit.BLOCK));
        }
        sizes.forEach((group, size) -> buffers.put(group, new Buffers(zeros(group, size), zeroGradients(group, size))));
    }

    private NDArray zeroGradients(Group group, long size) {
        try (NDManager scope = owner.newSubManager()) {
            NDArray wide = scope.zeros(new Shape(size), DataType.FLOAT32, group.device);
            return engine.tensors().cast(owner, wide, group.gradients());
        }
    }

    private static long blocks(Parameter parameter) {
        return (parameter.size() + Adam8bit.BLOCK - 1) / Adam8bit.BLOCK;
    }

    private NDArray zeros(Group group, long size) {
        return owner.zeros(new Shape(size), DataType.FLOAT32, group.device);
    }

    private Map<String, NDArray> moments(Group group) {
        return moments.computeIfAbsent(group, this::zeroMoments);
    }

    private Map<String, NDArray> zeroMoments(Group group) {
        long size = buffers.get(group).parameters.size();
        if (group.moments == Moments.FLOAT32) {
            return Map.of(FIRST, zeros(group, size), SECOND, zeros(group, size));
        }
        Adam8bit.Moments moments = Adam8bit.Moments.zeros(owner, size, group.device);
        return Map.of(
                FIRST, moments.firstCodes(),
                FIRST_ABSMAX, moments.firstAbsmax(),
                SECOND, moments.secondCodes(),
                SECOND_ABSMAX, moments.secondAbsmax());
    }

    boolean has(String name) {
        return places.containsKey(name);
    }

    /** Names and shapes, in the order in which they were given. */
    Map<String, long[]> shapes() {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        places.forEach((name, place) -> shapes.put(name, place.parameter.dimensions()));
        return shapes;
    }

    /** A view of a parameter. */
    NDArray value(String name) {
        return view(owner, places.get(name), Buffers::parameters);
    }

    /** A view of a parameter's gradient. */
    NDArray gradient(String name) {
        return view(owner, places.get(name), Buffers::gradients);
    }

    private NDArray view(NDManager scope, Place place, Function<Buffers, NDArray> which) {
        long[] shape = place.parameter.dimensions();
        long rows = shape.length == 1 ? 1 : shape[0];
        NDArray matrix = engine.tensors()
                .view(scope, which.apply(buffers.get(place.group)), place.at, rows, shape[shape.length - 1]);
        if (shape.length > 1) {
            return matrix;
        }
        NDArray vector = matrix.reshape(new Shape(shape));
        vector.attach(scope);
        return vector;
    }

    void set(String name, float[] values) {
        try (NDManager scope = engine.root().newSubManager(Device.cpu())) {
            set(name, scope.create(values, new Shape(places.get(name).parameter.dimensions())));
        }
    }

    void set(String name, NDArray values) {
        Place place = places.get(name);
        try (NDManager scope = owner.newSubManager()) {
            NDArray rounded = engine.tensors().cast(scope, values, place.group.rounding);
            engine.tensors().write(view(scope, place, Buffers::parameters), rounded);
        }
    }

    /** Parameters by name, in the types of an adapter's file. */
    SortedMap<String, TensorToWrite> tensors() {
        return tensors(Parameter::kept);
    }

    private SortedMap<String, TensorToWrite> tensors(Function<Parameter, Precision> types) {
        SortedMap<String, TensorToWrite> result = new TreeMap<>();
        try (NDManager scope = engine.root().newSubManager()) {
            places.forEach((name, place) -> {
                float[] values = view(scope, place, Buffers::parameters).toFloatArray();
                DType type = types.apply(place.parameter).stored();
                result.put(name, TensorToWrite.made(type, place.parameter.dimensions(), () -> values));
            });
        }
        return result;
    }

    /** Parameters and both moments, as they are. */
    SortedMap<String, TensorToWrite> state() {
        SortedMap<String, TensorToWrite> state = tensors(parameter -> Precision.FLOAT32);
        try (NDManager scope = engine.root().newSubManager()) {
            places.forEach((name, place) -> moments(place.group)
                    .forEach((part, buffer) -> state.put(part + name, stored(stateOf(scope, place, part)))));
        }
        return state;
    }

    private NDArray stateOf(NDManager scope, Place place, String part) {
        NDArray buffer = moments(place.group).get(part);
        boolean scales = part.equals(FIRST_ABSMAX) || part.equals(SECOND_ABSMAX);
        long at = scales ? place.at / Adam8bit.BLOCK : place.at;
        long size = scales ? blocks(place.parameter) : place.parameter.size();
        return engine.tensors().view(scope, buffer, at, 1, size);
    }

    private static TensorToWrite stored(NDArray values) {
        long[] shape = {values.size()};
        return values.getDataType() == DataType.UINT8
                ? new TensorToWrite(DType.U8, shape, values.toByteBuffer())
                : TensorToWrite.floats(shape, values.toFloatArray());
    }

    /** Sets what {@link #state()} gave. */
    void restore(Checkpoint state) {
        try (NDManager scope = engine.root().newSubManager(Device.cpu())) {
            places.forEach((name, place) -> {
                restore(scope, view(scope, place, Buffers::parameters), state.tensor(name));
                moments(place.group)
                        .keySet()
                        .forEach(part -> restore(scope, stateOf(scope, place, part), state.tensor(part + name)));
            });
        }
    }

    private void restore(NDManager scope, NDArray target, StoredTensor stored) {
        boolean bytes = target.getDataType() == DataType.UINT8;
        if (stored.elements() != target.size() || bytes != (stored.dtype() == DType.U8)) {
            throw Problem.of(FailureReason.InvalidData, "a checkpoint does not fit the run that wrote it")
                    .where(stored.name())
                    .found(stored.elements() + " values of " + stored.dtype())
                    .allowed(target.size() + " values of " + (bytes ? DType.U8 : DType.F32))
                    .remedy("delete the checkpoint to train from the one before it, or from the start")
                    .failure();
        }
        engine.tensors().write(target, read(scope, stored).reshape(target.getShape()));
    }

    private static NDArray read(NDManager scope, StoredTensor stored) {
        Shape shape = new Shape(1, stored.elements());
        return stored.dtype() == DType.U8
                ? scope.create(stored.bytes(0, Math.toIntExact(stored.byteSize())), shape, DataType.UINT8)
                : scope.create(stored.toFloats(), shape);
    }

    void zeroGradients() {
        buffers.values().forEach(own -> engine.tensors().zero(own.gradients));
    }

    /** Euclidean norm of all gradients. As in torch, that of a parameter has its gradient's type. */
    double gradientNorm() {
        double squares = 0;
        for (Map.Entry<Group, Buffers> each : buffers.entrySet()) {
            if (each.getKey().gradients() == Precision.FLOAT32) {
                squares += square(engine.ops().norm(each.getValue().gradients));
            }
        }
        try (NDManager scope = owner.newSubManager()) {
            for (Place place : places.values()) {
                Precision type = place.group.gradients();
                if (type != Precision.FLOAT32) {
                    NDArray gradient = view(scope, place, Buffers::gradients);
                    squares += square(type.round((float) engine.ops().norm(gradient)));
                }
            }
        }
        return Math.sqrt(squares);
    }

    private static double square(double x) {
        return x * x;
    }

    /** Takes the values of another one of the same parameters, whatever its devices are. */
    void copy(TrainedParameters other) {
        each(other, (own, its) -> engine.tensors().write(own.parameters, its.parameters));
    }

    /** Adds the gradients of another one of the same parameters. */
    void addGradients(TrainedParameters other) {
        each(other, (own, its) -> engine.tensors().accumulate(own.gradients, its.gradients));
    }

    private void each(TrainedParameters other, BiConsumer<Buffers, Buffers> action) {
        Iterator<Buffers> its = other.buffers.values().iterator();
        buffers.values().forEach(own -> action.accept(own, its.next()));
    }

    void step(AdamW settings) {
        buffers.forEach((group, own) -> {
            Map<String, NDArray> state = moments(group);
            AdamW applied = group.decay == Decay.DECAYED ? settings : settings.withoutDecay();
            if (group.moments == Moments.FLOAT32) {
                NDArray first = state.get(FIRST);
                engine.ops().adamw(own.parameters, own.gradients, first, state.get(SECOND), applied);
            } else {
                Adam8bit.Moments moments = new Adam8bit.Moments(
                        state.get(FIRST), state.get(FIRST_ABSMAX), state.get(SECOND), state.get(SECOND_ABSMAX));
                engine.adam8bit().step(own.parameters, own.gradients, moments, applied);
            }
            if (group.rounding != Precision.FLOAT32) {
                round(own.parameters, group.rounding);
                // bitsandbytes' optimizer has no moments in bfloat16
                if (optimizer == Optimizer.ADAMW) {
                    state.values().forEach(buffer -> round(buffer, group.rounding));
                }
            }
        });
    }

    private void round(NDArray values, Precision type) {
        try (NDManager scope = owner.newSubManager()) {
            engine.tensors().write(values, engine.tensors().cast(scope, values, type));
        }
    }

    long size() {
        return places.values().stream()
                .mapToLong(place -> place.parameter.size())
                .sum();
    }
}
