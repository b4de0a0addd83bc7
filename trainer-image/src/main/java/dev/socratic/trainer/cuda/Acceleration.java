package dev.socratic.trainer.cuda;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import dev.socratic.trainer.engine.Precision;
import dev.socratic.trainer.engine.TorchEngine;
import dev.socratic.trainer.placement.Kernels;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An engine with CUDA kernels where the machine has what they need, and the plain one otherwise.
 *
 * @param kernels what a plan may count on
 * @param whyNot why the plain operations are used on GPUs; empty where the kernels are, or where there is no GPU to use
 */
public record Acceleration(TorchEngine engine, Kernels kernels, Optional<String> whyNot) {
    private static final Logger LOG = LoggerFactory.getLogger(Acceleration.class);
    private static final List<String> SOURCES =
            List.of("scalars.cuh", "rows.cu", "linear.cu", "gate.cu", "head.cu", "intake.cu");

    /**
     * @param gpus how many of the machine's GPUs a run uses
     * @param compute the type that linear layers multiply in
     * @param cache folder for compiled kernels
     */
    public static Acceleration of(TorchEngine plain, int gpus, Precision compute, Path cache) {
        if (gpus == 0) {
            return new Acceleration(plain, Kernels.TORCH, Optional.empty());
        }
        try {
            CudaDriver driver = new CudaDriver();
            Optional<AllocatorLimit> limit = AllocatorLimit.ofThisProcess(driver);
            if (limit.isEmpty()) {
                LOG.warn(
                        "the memory that libtorch takes of GPUs cannot be limited here; the plan alone keeps the caps");
            }
            Nvrtc compiler = new Nvrtc(cache);
            Map<Device, Gpu> devices = new HashMap<>();
            for (int i = 0; i < gpus; i++) {
                Device device = Device.gpu(i);
                touch(plain, device);
                devices.put(device, new Gpu(device, compute, driver, new LibTorch(), compiler, SOURCES));
            }
            Kernels counted = devices.values().stream().allMatch(Gpu::knowsAttention) ? Kernels.OURS : Kernels.TORCH;
            TorchEngine engine = plain.withOps(new CudaOps(plain.ops(), plain.root(), devices, limit))
                    .withTransfers(new PeerTransfers(driver, devices, plain.transfers()));
            return new Acceleration(engine, counted, Optional.empty());
        } catch (CudaUnavailable | EngineException | UnsatisfiedLinkError unavailable) {
            return new Acceleration(plain, Kernels.TORCH, Optional.of(unavailable.getMessage()));
        }
    }

    /** libtorch makes its context first, so that both use the same. */
    private static void touch(TorchEngine engine, Device device) {
        engine.tensors()
                .allocate(engine.root(), device, 1, 1, Precision.FLOAT32)
                .close();
    }
}
