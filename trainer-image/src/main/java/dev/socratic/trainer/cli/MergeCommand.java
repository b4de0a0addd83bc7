package dev.socratic.trainer.cli;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.trainer.checkpoint.Shards;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import dev.socratic.trainer.model.BaseWeights;
import dev.socratic.trainer.run.MergedModel;
import dev.socratic.trainer.storage.PublishedModel;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code merge}: the tuned model as one, without an adapter beside it. */
@Command(
        name = "merge",
        description = "Writes the base model with the adapter of spec.output merged into it to its folder merged/.")
final class MergeCommand extends ResourceCommand {
    @Option(
            names = "--into",
            paramLabel = "WEIGHTS",
            description =
                    "as-trained: where spec.quantization is given, the dequantized weights (default); original: the"
                            + " checkpoint's own.")
    private String into = name(BaseWeights.AS_TRAINED);

    @Option(
            names = "--max-shard-size",
            paramLabel = "BYTES",
            description = "Begin another file after this many bytes; ${DEFAULT-VALUE} if not given.")
    private long largestShard = Shards.LARGEST;

    @Override
    void run(SocraticFineTune resource) {
        PublishedModel merged = MergedModel.merge(resource.getSpec(), weights(), largestShard, System.getenv());
        System.out.printf("%d bytes: %s/%s%n", merged.sizeBytes(), merged.uri(), MergedModel.FOLDER);
    }

    private BaseWeights weights() {
        for (BaseWeights weights : BaseWeights.values()) {
            if (name(weights).equals(into)) {
                return weights;
            }
        }
        throw Problem.of(FailureReason.InvalidConfiguration, "there are no such weights to merge into")
                .where("--into")
                .found(into)
                .allowed("as-trained, original")
                .failure();
    }

    private static String name(BaseWeights weights) {
        return weights.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
