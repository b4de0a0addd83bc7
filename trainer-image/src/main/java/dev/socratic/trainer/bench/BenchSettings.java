package dev.socratic.trainer.bench;

import dev.socratic.api.v1alpha1.spec.Attention;
import dev.socratic.api.v1alpha1.spec.DeviceMapStrategy;
import dev.socratic.api.v1alpha1.spec.Dtype;
import dev.socratic.api.v1alpha1.spec.Parallelism;
import dev.socratic.trainer.placement.Kernels;
import java.util.Optional;

/**
 * What is measured.
 *
 * @param batch rows of a batch, of {@code length} tokens each, all of them with a label
 * @param accumulation batches of a step
 * @param gpus 0 for the CPU
 * @param cap of each device as a Kubernetes quantity, such as {@code 4Gi}
 * @param dtype of the model and of its products
 * @param warmUp steps before those that count
 * @param compared a Python interpreter with transformers, PEFT and bitsandbytes, which then run the same
 */
public record BenchSettings(
        Preset preset,
        int batch,
        int length,
        int accumulation,
        int gpus,
        Parallelism parallelism,
        DeviceMapStrategy deviceMap,
        Optional<String> cap,
        Dtype dtype,
        Weights weights,
        Attention attention,
        double dropout,
        int warmUp,
        int steps,
        Parts parts,
        Kernels kernels,
        Optional<String> compared) {
    /** How linear layers are stored. */
    public enum Weights {
        NF4,
        PLAIN
    }

    /** Whether a second run tells the operations' shares. */
    public enum Parts {
        NOT_MEASURED,
        MEASURED
    }
}
