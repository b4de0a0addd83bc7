package dev.socratic.trainer.engine;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;

/** Making, viewing and moving tensors: what DJL's own API leaves out or does not do in every type. */
public final class Tensors {
    private final TorchScript script;

    Tensors(NDManager owner) {
        script = TorchScript.load(owner, "Tensors");
    }

    /** An uninitialized matrix on a device. */
    public NDArray allocate(NDManager scope, Device device, long rows, long columns, Precision type) {
        try (NDArray like = scope.create(new Shape(0), DataType.FLOAT32, device)) {
            return script.one(scope, "allocate", like, rows, columns, type.scalarType());
        }
    }

    /** A matrix of normally distributed values around 0. */
    public NDArray normal(NDManager scope, Device device, long rows, long columns, double deviation, Precision type) {
        try (NDArray like = scope.create(new Shape(0), DataType.FLOAT32, device)) {
            return script.one(scope, "normal", like, rows, columns, deviation, type.scalarType());
        }
    }

    /** Uninitialized [n] of the type and on the device of {@code like}. */
    public NDArray room(NDManager scope, NDArray like, long n) {
        return script.one(scope, "room", like, n);
    }

    /** Uninitialized bytes [n]. */
    NDArray emptyBytes(NDManager scope, Device device, long n) {
        try (NDArray like = scope.create(new Shape(0), DataType.FLOAT32, device)) {
            return script.one(scope, "empty_bytes", like, n);
        }
    }

    /** Random bytes [n]. */
    NDArray bytes(NDManager scope, Device device, long n) {
        try (NDArray like = scope.create(new Shape(0), DataType.FLOAT32, device)) {
            return script.one(scope, "bytes", like, n);
        }
    }

    /** Rounds float32 values [n, columns] to {@code source} and writes them to the target's rows from {@code at} on. */
    public void fill(NDArray target, long at, NDArray values, Precision source) {
        script.one(target.getManager(), "fill", target, at, values, source.scalarType())
                .close();
    }

    /** Sets the rows from {@code known} on to the mean of those before. */
    public void fillWithMean(NDArray target, long known) {
        script.one(target.getManager(), "fill_mean", target, known).close();
    }

    /** The matrix [rows, columns] that begins at an element of a flat buffer; it shares the buffer's memory. */
    public NDArray view(NDManager scope, NDArray flat, long at, long rows, long columns) {
        return script.one(scope, "window", flat, at, rows, columns);
    }

    /** Overwrites the target, on whatever device it is. */
    public void write(NDArray target, NDArray values) {
        script.one(target.getManager(), "write", target, values).close();
    }

    /** Adds values in place, on whatever device they are. */
    public void accumulate(NDArray target, NDArray values) {
        try (NDManager scope = target.getManager().newSubManager()) {
            script.one(scope, "accumulate", target, onDevice(scope, values, target.getDevice()));
        }
    }

    public void zero(NDArray target) {
        script.one(target.getManager(), "zero", target).close();
    }

    public NDArray cast(NDManager scope, NDArray x, Precision type) {
        return script.one(scope, "cast", x, type.scalarType());
    }

    /** [N, heads * width] seen as [batch, length, heads, width]. */
    public NDArray heads(NDManager scope, NDArray x, int batch, int length, int width) {
        return shaped(scope, x, new Shape(batch, length, -1, width));
    }

    private static NDArray shaped(NDManager scope, NDArray x, Shape shape) {
        NDArray y = x.reshape(shape);
        y.attach(scope);
        return y;
    }

    /** The same tensor once more: its memory stays until both are closed. */
    public NDArray alias(NDManager scope, NDArray x) {
        return shaped(scope, x, x.getShape());
    }

    /** The same elements as [rows, …]. */
    public NDArray flat(NDManager scope, NDArray x, int rows) {
        return shaped(scope, x, new Shape(rows, -1));
    }

    /** Views of the columns of x [N, sum of widths], one a width. */
    public List<NDArray> columns(NDManager scope, NDArray x, List<Integer> widths) {
        List<NDArray> parts = new ArrayList<>();
        int at = 0;
        for (int width : widths) {
            parts.add(script.one(scope, "columns", x, at, width));
            at += width;
        }
        return parts;
    }

    /** The output of one layer that is several in its parts; outputs of as many layers as there are widths as they are. */
    public List<NDArray> cut(NDManager scope, List<NDArray> outputs, List<Integer> widths) {
        if (outputs.size() == widths.size()) {
            return outputs;
        }
        List<NDArray> parts = columns(scope, outputs.get(0), widths);
        // the parts hold the memory
        outputs.get(0).close();
        return parts;
    }

    /** The transpose of {@link #cut}: gradients of so many layers. */
    public List<NDArray> joined(NDManager scope, List<NDArray> gradients, int layers) {
        return gradients.size() == layers ? gradients : List.of(script.one(scope, "beside", gradients));
    }

    public NDArray rows(NDManager scope, NDArray x, NDArray indices) {
        return script.one(scope, "rows", x, indices);
    }

    /** Zeros [n, H] but for the given rows [m, H] at the indices [m]. */
    public NDArray scatterRows(NDManager scope, int n, NDArray rows, NDArray indices) {
        return script.one(scope, "scatter_rows", n, rows, indices);
    }

    /** Writes x [B, L, heads, D] into the cache [B, T, heads, D] at the positions [B, L]. */
    public void writeCache(NDArray cache, NDArray x, NDArray positions) {
        script.one(cache.getManager(), "write_cache", cache, x, positions).close();
    }

    /** Which of {@code total} cached keys the queries at positions [B, L] see: [B, 1, L, T]; window 0 is unlimited. */
    public NDArray cacheMask(NDManager scope, NDArray positions, int total, int window) {
        return script.one(scope, "cache_mask", positions, total, window);
    }

    /**
     * Which keys are seen where a row holds several texts: [B, 1, L, L], causal within the text.
     *
     * @param starts [B, L], where in its row a token's text begins
     * @param window 0 is unlimited
     */
    public NDArray packedMask(NDManager scope, NDArray starts, int window) {
        return script.one(scope, "packed_mask", starts, window);
    }

    /** Positions [B, L] of tokens in their texts. */
    public NDArray packedPositions(NDManager scope, NDArray starts) {
        return script.one(scope, "packed_positions", starts);
    }

    /**
     * x plus noise that is uniform within a bound; it follows from the seed. torch's generators are shared by all threads:
     * who seeds them draws before another seeds them anew.
     */
    public synchronized NDArray noised(NDManager scope, NDArray x, double bound, long seed) {
        return script.one(scope, "noised", x, bound, seed);
    }

    /** Index of the largest element of each row. */
    public long[] largest(NDManager scope, NDArray x) {
        return script.one(scope, "largest", x).toLongArray();
    }

    /**
     * A linear layer's weight [out, in] with its adapter: {@code W + scaling * B A}, and with magnitudes its rows brought
     * to them; rounded to {@code type}, as float32.
     *
     * @param factors A and B, or A, B and magnitudes
     */
    public NDArray merged(NDManager scope, NDArray weight, List<NDArray> factors, double scaling, Precision type) {
        return script.one(scope, "merged", weight, factors, scaling, type.scalarType());
    }

    /** Seeds torch's generators, on every device. */
    public void seed(NDManager scope, long seed) {
        script.one(scope, "seed", seed).close();
    }

    /** The next LoRA A [rank, inputs] of PEFT's initialization: its module draws A, B, and A again, which it keeps. */
    public NDArray loraA(NDManager scope, int rank, long inputs, long outputs, Precision through) {
        uniform(scope, rank, inputs, kaimingBound(inputs), through).close();
        uniform(scope, outputs, rank, kaimingBound(rank), through).close();
        return uniform(scope, rank, inputs, kaimingBound(inputs), through);
    }

    private NDArray uniform(NDManager scope, long rows, long columns, double bound, Precision through) {
        return script.one(scope, "uniform", rows, columns, bound, through.scalarType());
    }

    /** Bound of torch's kaiming_uniform_ with a = sqrt(5), which both nn.Linear and PEFT use. */
    private static double kaimingBound(long fanIn) {
        return Math.sqrt(3.0) * (Math.sqrt(2.0 / 6) / Math.sqrt(fanIn));
    }

    /** x where it is already on the device, a copy in {@code scope} otherwise. DJL's own way does not know bfloat16. */
    public NDArray onDevice(NDManager scope, NDArray x, Device device) {
        if (x.getDevice().equals(device)) {
            return x;
        }
        try (NDArray like = scope.create(new Shape(0), DataType.FLOAT32, device)) {
            return script.one(scope, "on_device", x, like);
        }
    }
}
