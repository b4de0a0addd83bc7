package dev.socratic.trainer.run;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.trainer.model.ModelConfig;
import dev.socratic.trainer.placement.Kernels;
import dev.socratic.trainer.placement.Planner;
import dev.socratic.trainer.placement.RunPlan;
import dev.socratic.trainer.progress.RunFacts;
import dev.socratic.trainer.storage.Storage;
import dev.socratic.trainer.storage.StorageSettings;
import dev.socratic.trainer.tokenizer.ChatTokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** From a model's configuration to the plan of its run. */
public final class Planning {
    private Planning() {}

    /**
     * The {@code plan} command's work. GPUs need not be at hand: only {@code maxMemory} bounds the plan.
     *
     * @throws dev.socratic.trainer.failure.TrainerFailure OutOfMemory with the smallest caps that would do
     */
    public static RunPlan plan(SocraticFineTune resource, Map<String, String> environment) {
        SocraticFineTuneSpec spec = resource.getSpec();
        Storage storage = new Storage(StorageSettings.fromEnvironment(environment));
        Path model = Inputs.model(storage, spec).path();
        ModelConfig config = ModelConfig.read(model);
        try (ChatTokenizer tokenizer =
                ChatTokenizer.load(model, spec.tokenizer().additionalSpecialTokens())) {
            return Planner.plan(config.shape(tokenizer.size()), spec, Map.of(), Kernels.OURS);
        }
    }

    static RunPlan forThisMachine(ModelConfig config, int tokens, SocraticFineTuneSpec spec, Kernels kernels) {
        return Planner.plan(
                config.shape(tokens), spec, Machine.memory(spec.placement().gpus()), kernels);
    }

    /** What the sinks tell of the devices. */
    static List<RunFacts.Device> devices(RunPlan plan, Peaks peaks) {
        return plan.devices().stream()
                .map(device -> new RunFacts.Device(
                        device.id(),
                        Machine.name(device.id()),
                        device.layers(),
                        device.capBytes(),
                        device.plannedBytes(),
                        peaks == Peaks.MEASURED ? Machine.peakBytes(device.id()) : null))
                .toList();
    }

    enum Peaks {
        NOT_YET,
        MEASURED
    }
}
