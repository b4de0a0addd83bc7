package dev.socratic.trainer.run;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.trainer.checkpoint.Checkpoint;
import dev.socratic.trainer.checkpoint.Shards;
import dev.socratic.trainer.checkpoint.TensorToWrite;
import dev.socratic.trainer.engine.TorchEngine;
import dev.socratic.trainer.export.PeftAdapter;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import dev.socratic.trainer.model.BaseWeights;
import dev.socratic.trainer.model.InitialAdapter;
import dev.socratic.trainer.model.MergedWeights;
import dev.socratic.trainer.model.ModelConfig;
import dev.socratic.trainer.storage.InputKind;
import dev.socratic.trainer.storage.InputOptions;
import dev.socratic.trainer.storage.OutputFolder;
import dev.socratic.trainer.storage.PublishedModel;
import dev.socratic.trainer.storage.Storage;
import dev.socratic.trainer.storage.StorageSettings;
import dev.socratic.trainer.tokenizer.ChatTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/**
 * The {@code merge} command's work: a model folder, as save_pretrained writes it, of the base model with the adapter
 * merged into it.
 */
public final class MergedModel {
    /** Where in the output folder the model lies. */
    public static final String FOLDER = "merged";

    private static final JsonMapper JSON = new JsonMapper();
    private static final String GENERATION_CONFIG = "generation_config.json";

    private MergedModel() {}

    /** Merges the adapter in the output folder; where there is none, the initial adapter. */
    public static PublishedModel merge(
            SocraticFineTuneSpec spec, BaseWeights base, long largestShard, Map<String, String> environment) {
        Storage storage = new Storage(StorageSettings.fromEnvironment(environment));
        try (OutputFolder output = storage.output(spec.output().uri())) {
            output.checkWritable();
            Path model = Inputs.model(storage, spec).path();
            Path adapter = adapter(storage, spec, output);
            InitialAdapter.check(spec.lora(), adapter);
            Path target = output.staging().resolve(FOLDER);
            try (ChatTokenizer tokenizer =
                            ChatTokenizer.load(model, spec.tokenizer().additionalSpecialTokens());
                    TorchEngine engine = TorchEngine.start()) {
                write(engine, spec, model, adapter, tokenizer, base, largestShard, target);
                return output.publishModel();
            }
        }
    }

    private static Path adapter(Storage storage, SocraticFineTuneSpec spec, OutputFolder output) {
        if (Files.isRegularFile(output.folder().resolve(PeftAdapter.WEIGHTS))) {
            return output.folder();
        }
        if (spec.lora().initialAdapterUri() == null) {
            throw Problem.of(FailureReason.InputNotFound, "there is no adapter to merge")
                    .where("spec.output.uri")
                    .found("no " + PeftAdapter.WEIGHTS + " in " + output.folder())
                    .remedy("train first, or name an adapter in spec.lora.initialAdapterUri")
                    .failure();
        }
        return storage.resolve(spec.lora().initialAdapterUri(), InputOptions.of(InputKind.ADAPTER))
                .path();
    }

    /**
     * @param adapter folder of an adapter in PEFT's format
     * @param target is created
     */
    static void write(
            TorchEngine engine,
            SocraticFineTuneSpec spec,
            Path model,
            Path adapter,
            ChatTokenizer tokenizer,
            BaseWeights base,
            long largestShard,
            Path target) {
        try (Checkpoint weights = Checkpoint.open(model);
                Checkpoint tuned = Checkpoint.open(adapter.resolve(PeftAdapter.WEIGHTS))) {
            Files.createDirectories(target);
            MergedWeights.Merged merged = MergedWeights.of(engine, spec, ModelConfig.read(model), weights, tuned, base);
            Shards.write(target, merged.tensors(), largestShard);
            writeConfig(spec, model, merged, target.resolve(ModelConfig.FILE));
            if (Files.exists(model.resolve(GENERATION_CONFIG))) {
                Files.copy(model.resolve(GENERATION_CONFIG), target.resolve(GENERATION_CONFIG));
            }
            tokenizer.save(target);
        } catch (IOException e) {
            throw Problem.of(FailureReason.OutputNotWritable, "the merged model cannot be written: " + e.getMessage())
                    .where(target.toString())
                    .remedy("free space there, or choose an output that may be written")
                    .failure(e);
        }
    }

    private static void writeConfig(SocraticFineTuneSpec spec, Path model, MergedWeights.Merged merged, Path file)
            throws IOException {
        ObjectNode config =
                (ObjectNode) JSON.readTree(model.resolve(ModelConfig.FILE).toFile());
        config.remove("quantization_config");
        String dtype = spec.model().dtype().name().toLowerCase(Locale.ROOT);
        config.put(config.has("torch_dtype") ? "torch_dtype" : "dtype", dtype);
        if (!merged.tiedHead()) {
            config.put("tie_word_embeddings", false);
        }
        TensorToWrite embedding = merged.tensors().get("model.embed_tokens.weight");
        config.put("vocab_size", embedding.shape()[0]);
        Files.writeString(file, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(config) + "\n");
    }
}
