package dev.socratic.trainer.run;

import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.trainer.storage.InputKind;
import dev.socratic.trainer.storage.InputOptions;
import dev.socratic.trainer.storage.ResolvedInput;
import dev.socratic.trainer.storage.Storage;
import java.nio.file.Path;
import java.util.Optional;

/** What a run reads, on local disk. */
record Inputs(ResolvedInput model, Path dataset, Optional<Path> evaluation, Optional<Path> initialAdapter) {
    static Inputs resolve(Storage storage, SocraticFineTuneSpec spec) {
        Path dataset = storage.resolve(spec.dataset().uri(), InputOptions.of(InputKind.DATASET))
                .path();
        Optional<Path> evaluation = Optional.ofNullable(spec.dataset().evalUri())
                .map(uri -> storage.resolve(uri, InputOptions.of(InputKind.EVALUATION_DATASET))
                        .path());
        Optional<Path> adapter = Optional.ofNullable(spec.lora().initialAdapterUri())
                .map(uri ->
                        storage.resolve(uri, InputOptions.of(InputKind.ADAPTER)).path());
        return new Inputs(model(storage, spec), dataset, evaluation, adapter);
    }

    static ResolvedInput model(Storage storage, SocraticFineTuneSpec spec) {
        return storage.resolve(
                spec.model().uri(),
                new InputOptions(InputKind.MODEL, spec.model().revision()));
    }

    /** The base model's name for an adapter: the hub's where it is from there, else the folder. */
    static String baseName(SocraticFineTuneSpec spec, ResolvedInput model) {
        String hub = "hf://";
        String uri = spec.model().uri();
        return uri.startsWith(hub) ? uri.substring(hub.length()) : model.path().toString();
    }
}
