package dev.socratic.trainer.engine;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.socratic.trainer.quant.DoubleQuant;
import dev.socratic.trainer.quant.Nf4;
import dev.socratic.trainer.quant.Nf4Tensor;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HostNf4Test {
    /** The script is what other devices and DoRA use. Blocks are of all scales, odd sizes end within a block, and large ones span several tasks. */
    @ParameterizedTest
    @CsvSource({
        "FLOAT32, FLOAT32, ON, 3, 37",
        "FLOAT32, FLOAT32, OFF, 640, 259",
        "FLOAT16, FLOAT16, ON, 640, 259",
        "FLOAT16, FLOAT16, OFF, 1, 1",
        "FLOAT16, FLOAT16, OFF, 64, 259",
        "BFLOAT16, BFLOAT16, ON, 64, 64",
        "BFLOAT16, FLOAT32, ON, 640, 259",
        "FLOAT16, FLOAT32, OFF, 64, 259",
        "BFLOAT16, FLOAT16, ON, 64, 259",
    })
    void theBitsAreThoseOfTheScript(Precision rounded, Precision type, DoubleQuant doubleQuant, int rows, int columns) {
        float[] values = new float[rows * columns];
        Random random = new Random(5);
        double scale = 0;
        for (int i = 0; i < values.length; i++) {
            scale = i % Nf4.BLOCK == 0 ? Math.pow(10, random.nextInt(-12, 7)) : scale;
            values[i] = (float) (random.nextGaussian() * scale);
        }
        Nf4Tensor tensor = Nf4.quantize(values, new long[] {rows, columns}, doubleQuant);
        try (TorchEngine engine = TorchEngine.start();
                NDManager scope = engine.root().newSubManager()) {
            Weight.Nf4 weight =
                    (Weight.Nf4) new Nf4Storage(engine, scope).place(tensor, rows, columns, rounded, Device.cpu());
            NDArray ours = new HostNf4(scope).dense(scope, weight, rounded, type);
            NDArray script = TorchScript.load(scope, "Linear")
                    .one(
                            scope,
                            "dequantize",
                            weight.storage(),
                            List.copyOf(weight.tables().arrays()),
                            (long) rows,
                            (long) columns,
                            rounded.scalarType());
            NDArray cast = engine.tensors().cast(scope, script, type);
            assertThat(ours.toByteBuffer(false)).isEqualTo(cast.toByteBuffer(false));
            assertThat(ours.getShape()).isEqualTo(script.getShape());
        }
    }
}
