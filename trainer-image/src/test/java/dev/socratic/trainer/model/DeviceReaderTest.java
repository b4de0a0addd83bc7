package dev.socratic.trainer.model;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.socratic.trainer.checkpoint.Checkpoint;
import dev.socratic.trainer.checkpoint.SafetensorsWriter;
import dev.socratic.trainer.checkpoint.StoredTensor;
import dev.socratic.trainer.checkpoint.TensorToWrite;
import dev.socratic.trainer.cuda.Acceleration;
import dev.socratic.trainer.engine.Nf4Storage;
import dev.socratic.trainer.engine.Precision;
import dev.socratic.trainer.engine.TorchEngine;
import dev.socratic.trainer.engine.Weight;
import dev.socratic.trainer.quant.DoubleQuant;
import dev.socratic.trainer.quant.Nf4;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What torch and the kernels compute from a file's bytes has the bits of what Java does; on a GPU where there is one. */
class DeviceReaderTest {
    private static final int ROWS = 2050;
    private static final int COLUMNS = 2080;

    @TempDir
    Path scratch;

    @ParameterizedTest
    @CsvSource({"FLOAT32, FLOAT32, ON", "BFLOAT16, FLOAT16, ON", "FLOAT16, BFLOAT16, OFF", "FLOAT32, FLOAT16, OFF"})
    void castsAndQuantizesToTheBit(Precision stored, Precision dtype, DoubleQuant doubleQuant) throws IOException {
        Path file = scratch.resolve("model.safetensors");
        SafetensorsWriter.write(
                file,
                Map.of(),
                Map.of(
                        "w", TensorToWrite.made(stored.stored(), new long[] {ROWS, COLUMNS}, DeviceReaderTest::values),
                        "odd", TensorToWrite.made(stored.stored(), new long[] {3, 37}, DeviceReaderTest::few)));
        int gpus = Math.min(1, Engine.getEngine("PyTorch").getGpuCount());
        Device device = gpus == 1 ? Device.gpu(0) : Device.cpu();
        try (TorchEngine plain = TorchEngine.start();
                Checkpoint checkpoint = Checkpoint.open(file)) {
            TorchEngine own = Acceleration.of(plain, gpus, dtype, scratch).engine();
            for (TorchEngine engine : new LinkedHashSet<>(List.of(plain, own))) {
                try (NDManager owner = engine.root().newSubManager();
                        DeviceReader reader = new DeviceReader(engine, new Nf4Storage(engine, owner), dtype)) {
                    quantizesToTheBit(engine, owner, reader, checkpoint.tensor("w"), dtype, doubleQuant, device);
                    castsToTheBit(engine, owner, reader, checkpoint.tensor("w"), dtype, device);
                    castsToTheBit(engine, owner, reader, checkpoint.tensor("odd"), dtype, device);
                }
            }
        }
    }

    private static void quantizesToTheBit(
            TorchEngine engine,
            NDManager owner,
            DeviceReader reader,
            StoredTensor tensor,
            Precision dtype,
            DoubleQuant doubleQuant,
            Device device) {
        assertThat(DeviceReader.quantizes(tensor)).isTrue();
        Weight.Nf4 there = (Weight.Nf4) reader.quantized(tensor, ROWS, COLUMNS, doubleQuant, device);
        Weight.Nf4 here = (Weight.Nf4) new Nf4Storage(engine, owner)
                .place(Nf4.quantize(tensor, dtype.stored(), doubleQuant), ROWS, COLUMNS, dtype, Device.cpu());
        for (int i = 0; i < here.storage().size(); i++) {
            assertThat(bytes(there.storage().get(i)))
                    .as("array " + i)
                    .isEqualTo(bytes(here.storage().get(i)));
        }
    }

    private static void castsToTheBit(
            TorchEngine engine,
            NDManager owner,
            DeviceReader reader,
            StoredTensor tensor,
            Precision dtype,
            Device device) {
        NDArray matrix = engine.tensors().allocate(owner, device, tensor.shape()[0], tensor.shape()[1], dtype);
        reader.copy(tensor, matrix);
        NDArray floats = engine.tensors().cast(owner, matrix, Precision.FLOAT32);
        assertThat(floats.toFloatArray()).isEqualTo(tensor.toFloats(dtype.stored()));
    }

    private static byte[] bytes(NDArray array) {
        return array.toDevice(Device.cpu(), true).toByteArray();
    }

    /** With blocks of zeros, of one value, and of values too small for a scale. */
    private static float[] values() {
        return values(ROWS * COLUMNS);
    }

    private static float[] few() {
        return values(3 * 37);
    }

    private static float[] values(int count) {
        Random random = new Random(7);
        float[] values = new float[count];
        for (int i = 0; i < values.length; i++) {
            int block = i / Nf4.BLOCK;
            values[i] = switch (block % 100) {
                case 0 -> 0;
                case 1 -> i % Nf4.BLOCK == 5 ? -3e-3f : 0;
                case 2 -> (float) (random.nextGaussian() * 1e-40);
                default -> (float) random.nextGaussian() * 0.02f;
            };
        }
        return values;
    }
}
