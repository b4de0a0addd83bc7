package dev.socratic.trainer.bench;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.socratic.trainer.checkpoint.Checkpoint;
import dev.socratic.trainer.checkpoint.SafetensorsWriter;
import dev.socratic.trainer.checkpoint.StoredTensor;
import dev.socratic.trainer.checkpoint.TensorToWrite;
import dev.socratic.trainer.engine.HostNf4;
import dev.socratic.trainer.engine.Nf4Storage;
import dev.socratic.trainer.engine.Precision;
import dev.socratic.trainer.engine.TorchEngine;
import dev.socratic.trainer.engine.Weight;
import dev.socratic.trainer.quant.DoubleQuant;
import dev.socratic.trainer.quant.Nf4;
import dev.socratic.trainer.quant.Nf4Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;

/**
 * The {@code bench --nf4} command's work: a matrix to NF4 with double quantization and back, on the CPU.
 *
 * @param compared a Python interpreter with bitsandbytes, which then does the same
 */
public record Nf4Bench(int rows, int columns, Optional<String> compared) {
    private static final int WARM_UP = 10;
    private static final int TIMES = 15;
    private static final float DEVIATION = 0.03f;
    private static final String SCRIPT = "nf4_peer.py";

    /** Gigabytes of the dense matrix a second, medians, by type and operation. */
    public Map<String, Object> run() {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("matrix", rows + "x" + columns);
        result.put("processors", Runtime.getRuntime().availableProcessors());
        try {
            Path folder = Files.createTempDirectory("socratic-bench");
            Path file = folder.resolve("matrix.safetensors");
            try (TorchEngine engine = TorchEngine.start()) {
                result.put("gigabytesPerSecond", measured(engine, file));
                compared.map(python -> new PythonScript(python, folder, SCRIPT)).ifPresent(script -> {
                    script.place();
                    result.put("compared", script.result(Map.class, Integer.toString(rows), Integer.toString(columns)));
                });
            } finally {
                Files.deleteIfExists(file);
                Files.deleteIfExists(folder.resolve(SCRIPT));
                Files.deleteIfExists(folder);
            }
        } catch (IOException e) {
            throw PythonScript.unwritable(e);
        }
        return result;
    }

    private Map<String, Map<String, Double>> measured(TorchEngine engine, Path file) {
        float[] values = new float[Math.multiplyExact(rows, columns)];
        Random random = new Random(0);
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian() * DEVIATION;
        }
        Map<String, TensorToWrite> tensors = new TreeMap<>();
        for (Precision type : Precision.values()) {
            tensors.put(name(type), TensorToWrite.made(type.stored(), new long[] {rows, columns}, () -> values));
        }
        SafetensorsWriter.write(file, Map.of(), tensors);
        Map<String, Map<String, Double>> all = new LinkedHashMap<>();
        try (Checkpoint checkpoint = Checkpoint.open(file)) {
            for (Precision type : Precision.values()) {
                all.put(name(type), measured(engine, type, checkpoint.tensor(name(type))));
            }
        }
        return all;
    }

    private Map<String, Double> measured(TorchEngine engine, Precision type, StoredTensor tensor) {
        try (NDManager scope = engine.root().newSubManager()) {
            HostNf4 host = new HostNf4(scope);
            Weight.Nf4 weight = (Weight.Nf4)
                    new Nf4Storage(engine, scope).place(quantized(type, tensor), rows, columns, type, Device.cpu());
            NDArray matrix = host.dense(scope, weight, type, type);
            NDArray other = engine.tensors().allocate(scope, Device.cpu(), rows, columns, type);
            Map<String, Double> rates = new LinkedHashMap<>();
            rates.put("copy", rate(type, () -> engine.tensors().write(other, matrix)));
            rates.put("quantize", rate(type, () -> quantized(type, tensor)));
            rates.put(
                    "dequantize",
                    rate(type, () -> host.dense(scope, weight, type, type).close()));
            return rates;
        }
    }

    private static Nf4Tensor quantized(Precision type, StoredTensor tensor) {
        return Nf4.quantize(tensor, type.stored(), DoubleQuant.ON);
    }

    private double rate(Precision type, Runnable operation) {
        long[] nanoseconds = new long[TIMES];
        for (int i = -WARM_UP; i < TIMES; i++) {
            long from = System.nanoTime();
            operation.run();
            nanoseconds[Math.max(0, i)] = System.nanoTime() - from;
        }
        Arrays.sort(nanoseconds);
        double rate = (double) rows * columns * type.bytes() / nanoseconds[TIMES / 2];
        return Math.round(rate * 100) / 100.0;
    }

    private static String name(Precision type) {
        return type.name().toLowerCase(Locale.ROOT);
    }
}
