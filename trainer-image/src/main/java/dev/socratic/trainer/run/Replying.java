package dev.socratic.trainer.run;

import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.trainer.cuda.Acceleration;
import dev.socratic.trainer.engine.TorchEngine;
import dev.socratic.trainer.export.PeftAdapter;
import dev.socratic.trainer.model.Decoder;
import dev.socratic.trainer.model.LoadRequest;
import dev.socratic.trainer.model.ModelConfig;
import dev.socratic.trainer.placement.RunPlan;
import dev.socratic.trainer.storage.ResolvedInput;
import dev.socratic.trainer.storage.Storage;
import dev.socratic.trainer.storage.StorageSettings;
import dev.socratic.trainer.tokenizer.ChatTokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The {@code generate} command's work: replies of the model with the adapter of its output folder, if there is one. */
public final class Replying {
    /** Which model answers. */
    public enum Model {
        TUNED,
        BASE
    }

    private final Map<String, String> environment;

    public Replying(Map<String, String> environment) {
        this.environment = environment;
    }

    /** @return one reply a prompt */
    public List<String> replies(SocraticFineTuneSpec spec, Model which, List<String> prompts, int maxNewTokens) {
        Storage storage = new Storage(StorageSettings.fromEnvironment(environment));
        ResolvedInput model = Inputs.model(storage, spec);
        Optional<Path> adapter = adapter(storage, spec, which);
        List<String> tokens = spec.tokenizer().additionalSpecialTokens();
        ModelConfig config = ModelConfig.read(model.path());
        try (ChatTokenizer tokenizer = ChatTokenizer.load(model.path(), tokens);
                TorchEngine plain = TorchEngine.start()) {
            Acceleration acceleration = GpuEngine.of(plain, spec, environment);
            TorchEngine engine = acceleration.engine();
            RunPlan plan = Planning.forThisMachine(config, tokenizer.size(), spec, acceleration.kernels());
            LoadRequest request =
                    new LoadRequest(model.path(), spec, plan.map(), tokenizer.size(), adapter, plan.saved());
            try (Decoder decoder = Decoder.load(engine, request)) {
                return new Conversation(decoder, tokenizer, model.path(), tokens).replies(prompts, maxNewTokens);
            }
        }
    }

    private static Optional<Path> adapter(Storage storage, SocraticFineTuneSpec spec, Model which) {
        if (which == Model.BASE) {
            return Optional.empty();
        }
        Path folder = storage.output(spec.output().uri()).folder();
        return Optional.of(folder).filter(path -> Files.exists(path.resolve(PeftAdapter.WEIGHTS)));
    }
}
