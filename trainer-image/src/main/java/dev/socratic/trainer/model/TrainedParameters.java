package dev.socratic.trainer.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.socratic.trainer.checkpoint.Checkpoint;
import dev.socratic.trainer.checkpoint.TensorToWrite;
import dev.socratic.trainer.engine.AdamW;
import dev.socratic.trainer.engine.TorchEngine;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * What a run trains, in float32. Parameters of one device and kind of decay lie in one flat buffer, with gradients and
 * both Adam moments in three more of the same layout, so that an optimizer step is one operation a buffer.
 */
final class TrainedParameters {
    /** Whether weight decay pulls at a parameter: as in transformers' Trainer, at all but biases. */
    enum Decay {
        DECAYED,
        FREE
    }

    /**
     * @param name in an adapter's file
     * @param shape of a vector or a matrix
     */
    record Parameter(String name, List<Long> shape, Device device, Decay decay) {
        Parameter {
            shape = List.copyOf(shape);
        }

        private long size() {
            return shape.stream().reduce(1L, Math::multiplyExact);
        }

        private long[] dimensions() {
            return shape.stream().mapToLong(Long::longValue).toArray();
        }
    }

    private record Group(Device device, Decay decay) {}

    /** The flat arrays of a group, each [P]. */
    private record Buffers(NDArray parameters, NDArray gradients, NDArray firstMoment, NDArray secondMoment) {}

    /** Where a parameter lies: elements of its group's buffers from {@code at} on. */
    private record Place(Parameter parameter, Group group, long at) {}

    private final TorchEngine engine;
    private final NDManager owner;
    private final Map<String, Place> places = new LinkedHashMap<>();
    private final Map<Group, Buffers> buffers = new LinkedHashMap<>();

    TrainedParameters(TorchEngine engine, NDManager owner, List<Parameter> parameters) {
        this.engine = engine;
        this.owner = owner;
        Map<Group, Long> sizes = new LinkedHashMap<>();
        for (Parameter parameter : parameters) {
            Group group = new Group(parameter.device, parameter.decay);
            long at = sizes.getOrDefault(group, 0L);
            places.put(parameter.name, new Place(parameter, group, at));
            sizes.put(group, at + parameter.size());
        }
        sizes.forEach((group, size) -> buffers.put(
                group, new Buffers(zeros(group, size), zeros(group, size), zeros(group, size), zeros(group, size))));
    }

    private NDArray zeros(Group group, long size) {
        return owner.zeros(new Shape(size), DataType.FLOAT32, group.device);
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
        write(places.get(name), Buffers::parameters, values);
    }

    private void write(Place place, Function<Buffers, NDArray> which, float[] values) {
        try (NDManager scope = engine.root().newSubManager(Device.cpu())) {
            NDArray array = scope.create(values, new Shape(place.parameter.dimensions()));
            engine.tensors().write(view(scope, place, which), array);
        }
    }

    /** Parameters by name. */
    SortedMap<String, TensorToWrite> tensors() {
        return read("", Buffers::parameters);
    }

    private SortedMap<String, TensorToWrite> read(String prefix, Function<Buffers, NDArray> which) {
        SortedMap<String, TensorToWrite> result = new TreeMap<>();
        try (NDManager scope = engine.root().newSubManager()) {
            places.forEach((name, place) -> {
                float[] values = view(scope, place, which).toFloatArray();
                result.put(prefix + name, TensorToWrite.floats(place.parameter.dimensions(), values));
            });
        }
        return result;
    }

    /** Parameters and both moments. */
    SortedMap<String, TensorToWrite> state() {
        SortedMap<String, TensorToWrite> state = tensors();
        state.putAll(read("first_moment.", Buffers::firstMoment));
        state.putAll(read("second_moment.", Buffers::secondMoment));
        return state;
    }

    /** Sets what {@link #state()} gave. */
    void restore(Checkpoint state) {
        places.forEach((name, place) -> {
            write(place, Buffers::parameters, state.tensor(name).toFloats());
            write(
                    place,
                    Buffers::firstMoment,
                    state.tensor("first_moment." + name).toFloats());
            write(
                    place,
                    Buffers::secondMoment,
                    state.tensor("second_moment." + name).toFloats());
        });
    }

    void zeroGradients() {
        buffers.values().forEach(own -> engine.tensors().zero(own.gradients));
    }

    /** Euclidean norm of all gradients. */
    double gradientNorm() {
        double[] norms = buffers.values().stream()
                .mapToDouble(own -> engine.ops().norm(own.gradients))
                .toArray();
        return Math.sqrt(Arrays.stream(norms).map(norm -> norm * norm).sum());
    }

    void step(AdamW settings) {
        buffers.forEach((group, own) -> engine.ops()
                .adamw(
                        own.parameters,
                        own.gradients,
                        own.firstMoment,
                        own.secondMoment,
                        group.decay == Decay.DECAYED ? settings : settings.withoutDecay()));
    }

    long size() {
        return places.values().stream()
                .mapToLong(place -> place.parameter.size())
                .sum();
    }
}
