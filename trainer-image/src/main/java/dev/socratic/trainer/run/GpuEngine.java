package dev.socratic.trainer.run;

import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.trainer.cuda.Acceleration;
import dev.socratic.trainer.engine.DeviceBudget;
import dev.socratic.trainer.engine.Devices;
import dev.socratic.trainer.engine.Precision;
import dev.socratic.trainer.engine.RefusedMemory;
import dev.socratic.trainer.engine.TorchEngine;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import dev.socratic.trainer.failure.TrainerFailure;
import dev.socratic.trainer.placement.RunPlan;
import java.util.Map;
import java.util.function.Supplier;

/** The engine that suits a run's devices. */
public final class GpuEngine {
    private GpuEngine() {}

    /** With kernels for the run's GPUs where this machine can have them. */
    public static Acceleration of(TorchEngine plain, SocraticFineTuneSpec spec, Map<String, String> environment) {
        Precision compute = Precision.of(
                spec.quantization() == null
                        ? spec.model().dtype()
                        : spec.quantization().computeDtype());
        return Acceleration.of(plain, spec.placement().gpus(), compute, KernelCache.folder(environment));
    }

    /**
     * Works on GPUs.
     *
     * @throws TrainerFailure OutOfMemory where the work fails for want of memory that a GPU refused
     */
    public static <T> T work(TorchEngine engine, Supplier<T> work) {
        try {
            return work.get();
        } catch (TrainerFailure known) {
            throw known;
        } catch (RuntimeException failed) {
            throw engine.ops()
                    .refused()
                    .map(refused -> outOfMemory(refused, failed))
                    .orElse(failed);
        }
    }

    private static RuntimeException outOfMemory(RefusedMemory refused, RuntimeException cause) {
        boolean capped = refused.limit() < Long.MAX_VALUE;
        return Problem.of(
                        FailureReason.OutOfMemory,
                        capped ? "the run needs more of a GPU than its cap" : "a GPU has no more memory")
                .where("spec.placement.maxMemory." + refused.device())
                .found(mebibytes(refused.held()) + " held, " + mebibytes(refused.asked()) + " asked for")
                .allowed(capped ? mebibytes(refused.limit()) + " beside CUDA's own" : "what other processes leave")
                .remedy(
                        capped
                                ? "raise the cap, or lower spec.training.maxSequenceLength"
                                : "set a cap that leaves room for the other processes on this GPU")
                .failure(cause);
    }

    private static String mebibytes(long bytes) {
        return (bytes >> 20) + "Mi";
    }

    /** Lets operations spend what the plan gives them. */
    public static void spend(TorchEngine engine, RunPlan plan) {
        plan.devices()
                .forEach(device -> engine.ops()
                        .budget(
                                Devices.of(device.id()),
                                new DeviceBudget(device.allocatable(), device.dequantized(), device.logitsAtOnce())));
    }
}
