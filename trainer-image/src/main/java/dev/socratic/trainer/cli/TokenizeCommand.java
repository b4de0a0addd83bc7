package dev.socratic.trainer.cli;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.trainer.data.TokenizedOutput;
import dev.socratic.trainer.storage.InputKind;
import dev.socratic.trainer.storage.InputOptions;
import dev.socratic.trainer.storage.Storage;
import dev.socratic.trainer.storage.StorageSettings;
import dev.socratic.trainer.tokenizer.ChatTokenizer;
import java.nio.file.Path;
import picocli.CommandLine.Command;

/** {@code tokenize}: what training sees of the dataset. */
@Command(
        name = "tokenize",
        description =
                "Prints one JSON object per example: {\"input_ids\": [...], \"labels\": [...]}, -100 = not learned.")
final class TokenizeCommand extends ResourceCommand {
    @Override
    void run(SocraticFineTune resource) {
        SocraticFineTuneSpec spec = resource.getSpec();
        Storage storage = new Storage(StorageSettings.fromEnvironment(System.getenv()));
        Path model = storage.resolve(
                        spec.model().uri(),
                        new InputOptions(InputKind.TOKENIZER, spec.model().revision()))
                .path();
        Path dataset = storage.resolve(spec.dataset().uri(), InputOptions.of(InputKind.DATASET))
                .path();
        try (ChatTokenizer tokenizer =
                ChatTokenizer.load(model, spec.tokenizer().additionalSpecialTokens())) {
            new TokenizedOutput(System.out)
                    .print(dataset, tokenizer, spec.dataset(), spec.training().maxSequenceLength());
        }
    }
}
