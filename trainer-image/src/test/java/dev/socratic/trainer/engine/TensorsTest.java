package dev.socratic.trainer.engine;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TensorsTest {
    @ParameterizedTest
    @EnumSource(Precision.class)
    void arrivesOnAnotherDeviceAsItIs(Precision type) {
        try (TorchEngine engine = TorchEngine.start();
                NDManager scope = engine.root().newSubManager()) {
            NDArray x = engine.tensors().normal(scope, Device.cpu(), 3, 5, 1, type);
            NDArray there = engine.tensors().onDevice(scope, x, Device.of("cpu", 1));
            assertThat(floats(engine, there)).isEqualTo(floats(engine, x));
        }
    }

    private static float[] floats(TorchEngine engine, NDArray x) {
        return engine.tensors().cast(engine.root(), x, Precision.FLOAT32).toFloatArray();
    }
}
