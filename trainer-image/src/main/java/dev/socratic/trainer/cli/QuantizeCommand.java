package dev.socratic.trainer.cli;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import dev.socratic.trainer.quant.QuantizedCheckpoint;
import dev.socratic.trainer.storage.InputKind;
import dev.socratic.trainer.storage.InputOptions;
import dev.socratic.trainer.storage.OutputFolder;
import dev.socratic.trainer.storage.PublishedModel;
import dev.socratic.trainer.storage.Storage;
import dev.socratic.trainer.storage.StorageSettings;
import java.nio.file.Path;
import picocli.CommandLine.Command;

/** {@code quantize}: the base model in 4 bits, as transformers saves it. */
@Command(
        name = "quantize",
        description = "Writes the base model as transformers saves a model in 4 bits: model.safetensors, config.json.")
final class QuantizeCommand extends ResourceCommand {
    @Override
    void run(SocraticFineTune resource) {
        SocraticFineTuneSpec spec = resource.getSpec();
        if (spec.quantization() == null) {
            throw Problem.of(FailureReason.InvalidConfiguration, "the resource asks for no quantization")
                    .where("spec.quantization")
                    .allowed("{type: nf4, doubleQuant: true, computeDtype: float16, storageDtype: uint8}")
                    .failure();
        }
        Storage storage = new Storage(StorageSettings.fromEnvironment(System.getenv()));
        try (OutputFolder output = storage.output(spec.output().uri())) {
            output.checkWritable();
            Path model = storage.resolve(
                            spec.model().uri(),
                            new InputOptions(InputKind.MODEL, spec.model().revision()))
                    .path();
            int matrices =
                    QuantizedCheckpoint.write(model, spec.model().dtype(), spec.quantization(), output.staging());
            PublishedModel published = output.publishModel();
            System.out.printf(
                    "%d matrices in 4 bits, %d bytes: %s%n", matrices, published.sizeBytes(), published.uri());
        }
    }
}
