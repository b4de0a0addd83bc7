package dev.socratic.trainer.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.sun.jna.Pointer;
import dev.socratic.trainer.engine.Precision;
import dev.socratic.trainer.engine.TorchEngine;
import dev.socratic.trainer.engine.TorchScript;
import dev.socratic.trainer.placement.Kernels;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the kernels need of libtorch and of the machine, as far as it shows without a GPU. */
class AccelerationTest {
    @TempDir
    Path cache;

    private static TorchEngine engine;

    @BeforeAll
    static void start() {
        engine = TorchEngine.start();
    }

    @AfterAll
    static void end() {
        engine.close();
    }

    @Test
    void withoutAGpuThePlainOperationsStayAndTheReasonIsTold() {
        assumeTrue(Engine.getEngine("PyTorch").getGpuCount() == 0, "this machine has a GPU");
        Acceleration acceleration = Acceleration.of(engine, 1, Precision.FLOAT16, cache);
        assertThat(acceleration.engine()).isSameAs(engine);
        assertThat(acceleration.kernels()).isEqualTo(Kernels.TORCH);
        assertThat(acceleration.whyNot()).get().asString().isNotBlank();
    }

    @Test
    void aRunOnTheCpuMissesNothing() {
        assertThat(Acceleration.of(engine, 0, Precision.FLOAT16, cache).whyNot())
                .isEmpty();
    }

    /** TorchScript checks the signatures of the operators it names when it is loaded, on any machine. */
    @ParameterizedTest
    @ValueSource(strings = {"FlashAttention", "CudnnAttention"})
    void thisLibtorchHasTheAttentionThatTheKernelsCall(String script) {
        assertThatCode(() -> TorchScript.load(engine.root(), FusedAttention.class, script))
                .doesNotThrowAnyException();
    }

    @Test
    void libtorchTellsWhereATensorLies() {
        LibTorch torch = new LibTorch();
        NDArray matrix = engine.root().create(new float[] {0, 1, 2, 3, 4, 5}, new Shape(2, 3));
        long handle = LibTorch.handle(matrix);
        assertThat(torch.scalarType(handle)).isEqualTo(Precision.FLOAT32.scalarType());
        assertThat(torch.stride(handle, 0)).isEqualTo(3);
        assertThat(new Pointer(torch.address(handle)).getFloat(4 * Float.BYTES)).isEqualTo(4);
        long half = LibTorch.handle(matrix.toType(DataType.FLOAT16, true));
        assertThat(torch.scalarType(half)).isEqualTo(Precision.FLOAT16.scalarType());
    }
}
