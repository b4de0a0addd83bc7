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
import dev.socratic.trainer.engine.Nf4Storage;
import dev.socratic.trainer.engine.Precision;
import dev.socratic.trainer.engine.TorchEngine;
import dev.socratic.trainer.engine.Weight;
import dev.socratic.trainer.quant.DoubleQuant;
import dev.socratic.trainer.quant.Nf4;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What torch computes from a file's bytes has the bits of what Java does; on a GPU where there is one. */
class DeviceReaderTest {
    private static final int ROWS = 2050;
    private static final int COLUMNS = 2080;

    @TempDir
    Path scratch;

    @ParameterizedTest
    @CsvSource({"FLOAT32, FLOAT32, ON", "BFLOAT16, FLOAT16, ON", "FLOAT16, BFLOAT16, OFF", "FLOAT32, FLOAT16, OFF"})
    void castsAndQuantizesToTheBit(Precision stored, Precision dtype, DoubleQuant doubleQuant) throws IOException {
        Path file = scratch.resolve("model.safetensors");
        long[] shape = {ROWS, COLUMNS};
        SafetensorsWriter.write(
                file, Map.of(), Map.of("w", TensorToWrite.made(stored.stored(), shape, DeviceReaderTest::values)));
        Device device = Engine.getEngine("PyTorch").getGpuCount() > 0 ? Device.gpu(0) : Device.cpu();
        try (TorchEngine engine = TorchEngine.start();
                Checkpoint checkpoint = Checkpoint.open(file);
                NDManager owner = engine.root().newSubManager()) {
            StoredTensor tensor = checkpoint.tensor("w");
            Nf4Storage storage = new Nf4Storage(engine, owner);
            DeviceReader reader = new DeviceReader(engine, owner, storage, dtype);
            assertThat(DeviceReader.quantizes(tensor)).isTrue();

            Weight.Nf4 there = (Weight.Nf4) reader.quantized(tensor, ROWS, COLUMNS, doubleQuant, device);
            Weight.Nf4 here = (Weight.Nf4) storage.place(
                    Nf4.quantize(tensor, dtype.stored(), doubleQuant), ROWS, COLUMNS, dtype, Device.cpu());
            for (int i = 0; i < here.storage().size(); i++) {
                assertThat(bytes(there.storage().get(i)))
                        .as("array " + i)
                        .isEqualTo(bytes(here.storage().get(i)));
            }

            NDArray matrix = engine.tensors().allocate(owner, device, ROWS, COLUMNS, dtype);
            reader.copy(tensor, COLUMNS, matrix);
            NDArray floats = engine.tensors().cast(owner, matrix, Precision.FLOAT32);
            assertThat(floats.toFloatArray()).isEqualTo(tensor.toFloats(dtype.stored()));
        }
    }

    private static byte[] bytes(NDArray array) {
        return array.toDevice(Device.cpu(), true).toByteArray();
    }

    /** With blocks of zeros, of one value, and of values too small for a scale. */
    private static float[] values() {
        Random random = new Random(7);
        float[] values = new float[ROWS * COLUMNS];
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
