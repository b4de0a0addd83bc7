package dev.socratic.trainer.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.socratic.trainer.checkpoint.Checkpoint;
import dev.socratic.trainer.quant.DynamicMap;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against bitsandbytes' own reference: src/test/parity/optimizer_goldens.py. */
class Adam8bitTest {
    private static final int STEPS = 4;
    private static Checkpoint goldens;

    @BeforeAll
    static void open() throws URISyntaxException {
        goldens = Checkpoint.open(
                Path.of(Adam8bitTest.class.getResource("adam8bit.safetensors").toURI()));
    }

    @AfterAll
    static void close() {
        goldens.close();
    }

    @Test
    void levelsAreThoseOfTheReference() {
        assertThat(DynamicMap.levels()).containsExactly(floats("signed"));
        assertThat(DynamicMap.unsignedLevels()).containsExactly(floats("unsigned"));
    }

    @ParameterizedTest
    @CsvSource({"whole, 0", "ragged, 0.1"})
    void stepsAreThoseOfTheReference(String name, double decay) {
        float[] start = floats(name + ".start");
        int padded = (start.length + Adam8bit.BLOCK - 1) / Adam8bit.BLOCK * Adam8bit.BLOCK;
        try (TorchEngine engine = TorchEngine.start();
                NDManager scope = engine.root().newSubManager()) {
            NDArray parameters = scope.create(Arrays.copyOf(start, padded));
            Adam8bit.Moments moments = Adam8bit.Moments.zeros(scope, padded, Device.cpu());
            for (int step = 1; step <= STEPS; step++) {
                NDArray gradients = scope.create(Arrays.copyOf(floats(name + ".gradient." + step), padded));
                engine.adam8bit().step(parameters, gradients, moments, new AdamW(step, 3e-3, decay, 1));
            }
            assertThat(Arrays.copyOf(parameters.toFloatArray(), start.length))
                    .containsExactly(floats(name + ".end"), within(1e-6f));
            assertThat(moments.firstAbsmax().toFloatArray()).containsExactly(floats(name + ".absmax1"), within(1e-6f));
            assertThat(moments.secondAbsmax().toFloatArray()).containsExactly(floats(name + ".absmax2"), within(1e-6f));
            assertThat(Arrays.copyOf(moments.firstCodes().toByteArray(), start.length))
                    .isEqualTo(bytes(name + ".codes1"));
            assertThat(Arrays.copyOf(moments.secondCodes().toByteArray(), start.length))
                    .isEqualTo(bytes(name + ".codes2"));
        }
    }

    private static float[] floats(String name) {
        return goldens.tensor(name).toFloats();
    }

    private static byte[] bytes(String name) {
        byte[] bytes = new byte[(int) goldens.tensor(name).byteSize()];
        goldens.tensor(name).bytes(0, bytes.length).get(bytes);
        return bytes;
    }
}
