package dev.socratic.trainer.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import dev.socratic.trainer.engine.DeviceBudget;
import dev.socratic.trainer.engine.Ops;
import dev.socratic.trainer.engine.Precision;
import dev.socratic.trainer.engine.RefusedMemory;
import dev.socratic.trainer.engine.TorchEngine;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.TrainerFailure;
import dev.socratic.trainer.run.GpuEngine;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** libtorch's allocator under a limit on a real GPU. */
class CudaMemoryTest {
    private static final Device GPU = Device.gpu(0);
    private static final long PART = 64L << 20;

    @Test
    void nothingBeyondTheLimitIsGivenAndTheRunSaysSo(@TempDir Path cache) {
        try (TorchEngine plain = TorchEngine.start()) {
            assumeTrue(Engine.getEngine("PyTorch").getGpuCount() > 0, "this machine has no GPU");
            TorchEngine engine =
                    Acceleration.of(plain, 1, Precision.FLOAT32, cache).engine();
            Ops ops = engine.ops();
            ops.budget(GPU, budget(0));
            fill(engine);
            long held = ops.refused().orElseThrow().held();

            ops.budget(GPU, budget(held + 4 * PART));
            TrainerFailure failure = fill(engine);
            assertThat(failure.reason()).isEqualTo(FailureReason.OutOfMemory);
            assertThat(failure).hasMessageContaining("spec.placement.maxMemory.0");
            RefusedMemory refused = ops.refused().orElseThrow();
            assertThat(refused.held()).isBetween(held + 3 * PART, held + 4 * PART);

            try (NDManager scope = engine.root().newSubManager()) {
                engine.tensors().allocate(scope, GPU, 1, PART / Float.BYTES, Precision.FLOAT32);
            }
            ops.budget(GPU, DeviceBudget.SMALL);
        }
    }

    private static DeviceBudget budget(long allocated) {
        return new DeviceBudget(allocated, 0, DeviceBudget.SMALL.logitsAtOnce());
    }

    /** Takes part after part until none is given. */
    private static TrainerFailure fill(TorchEngine engine) {
        try (NDManager scope = engine.root().newSubManager()) {
            return catchThrowableOfType(
                    TrainerFailure.class, () -> GpuEngine.work(engine, () -> takeWhatIsGiven(engine, scope)));
        }
    }

    private static long takeWhatIsGiven(TorchEngine engine, NDManager scope) {
        long most = 1L << 38;
        for (long taken = 0; taken < most; taken += PART) {
            engine.tensors().allocate(scope, GPU, 1, PART / Float.BYTES, Precision.FLOAT32);
        }
        return most;
    }
}
