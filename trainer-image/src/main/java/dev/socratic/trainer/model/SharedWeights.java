package dev.socratic.trainer.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.socratic.trainer.engine.Tensors;
import dev.socratic.trainer.engine.Weight;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Weights of a model that several devices hold whole: read and quantized once, for the first device, and copied from there
 * to the others.
 */
final class SharedWeights implements WeightSource {
    private final WeightSource source;
    private final Tensors tensors;
    private final Map<String, Weight> linears = new HashMap<>();
    private final Map<String, NDArray> arrays = new HashMap<>();
    private final Map<Weight.Nf4Tables, Weight.Nf4Tables> tables = new IdentityHashMap<>();
    private final List<NDArray> released = new ArrayList<>();
    private NDManager owner;

    SharedWeights(WeightSource source, Tensors tensors) {
        this.source = source;
        this.tensors = tensors;
    }

    /** What is asked for from now on belongs to a replica. */
    void copyFor(NDManager replica) {
        owner = replica;
        tables.clear();
    }

    @Override
    public Weight linear(String name, long rows, long columns, Device device) {
        if (owner == null) {
            Weight first = source.linear(name, rows, columns, device);
            linears.put(name, first);
            return first;
        }
        if (linears.get(name) instanceof Weight.Nf4 nf4) {
            List<NDArray> storage =
                    nf4.storage().stream().map(part -> copy(part, device)).toList();
            return new Weight.Nf4(rows, columns, nf4.source(), storage, tables(nf4.tables(), device));
        }
        Weight.Dense dense = (Weight.Dense) linears.get(name);
        return new Weight.Dense(copy(dense.matrix(), device));
    }

    private Weight.Nf4Tables tables(Weight.Nf4Tables first, Device device) {
        return tables.computeIfAbsent(
                first, any -> new Weight.Nf4Tables(copy(first.pairs(), device), copy(first.dynamicMap(), device)));
    }

    @Override
    public NDArray vector(String name, long size, Device device) {
        if (owner == null) {
            arrays.put(name, source.vector(name, size, device));
            return arrays.get(name);
        }
        return copy(arrays.get(name), device);
    }

    @Override
    public NDArray embedding(String name, long rows, long columns, Device device) {
        if (owner == null) {
            arrays.put(name, source.embedding(name, rows, columns, device));
            return arrays.get(name);
        }
        return copy(arrays.get(name), device);
    }

    private NDArray copy(NDArray first, Device device) {
        return tensors.onDevice(owner, first, device);
    }

    /** Has been done before the first copy. */
    @Override
    public void replaceEmbedding(Optional<Path> adapterFile, String module, NDArray embedding) {
        if (owner == null) {
            source.replaceEmbedding(adapterFile, module, embedding);
        }
    }

    /** Replicas may still ask for it. */
    @Override
    public void release(NDArray replaced) {
        released.add(replaced);
    }

    @Override
    public boolean hasOwnHead() {
        return source.hasOwnHead();
    }

    @Override
    public long parameters() {
        return source.parameters();
    }

    @Override
    public void close() {
        released.forEach(NDArray::close);
        source.close();
    }
}
