package dev.socratic.trainer.run;

import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.trainer.cuda.Acceleration;
import dev.socratic.trainer.engine.DeviceBudget;
import dev.socratic.trainer.engine.Devices;
import dev.socratic.trainer.engine.Precision;
import dev.socratic.trainer.engine.TorchEngine;
import dev.socratic.trainer.placement.RunPlan;
import java.util.Map;

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

    /** Lets operations spend what the plan gives them. */
    public static void spend(TorchEngine engine, RunPlan plan) {
        plan.devices()
                .forEach(device -> engine.ops()
                        .budget(
                                Devices.of(device.id()),
                                new DeviceBudget(device.dequantized(), device.logitsAtOnce())));
    }
}
