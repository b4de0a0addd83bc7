package dev.socratic.trainer.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.api.yaml.ResourceFile;
import dev.socratic.trainer.checkpoint.Checkpoint;
import dev.socratic.trainer.checkpoint.SafetensorsWriter;
import dev.socratic.trainer.checkpoint.TensorToWrite;
import dev.socratic.trainer.data.Example;
import dev.socratic.trainer.data.MicroBatching;
import dev.socratic.trainer.engine.TorchEngine;
import dev.socratic.trainer.model.Decoder;
import dev.socratic.trainer.model.LoadRequest;
import dev.socratic.trainer.model.ModelConfig;
import dev.socratic.trainer.placement.DeviceMap;
import dev.socratic.trainer.placement.SavedActivations;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What src/test/parity/training_goldens.py wrote for one case: inputs, and what the reference stack made of them. */
record GoldenCase(String name, JsonNode root) {
    static final Path FOLDER = Path.of("src/test/resources/dev/socratic/trainer/train");

    /** Settings of a case that only some have, and the fields of spec.lora that they are. */
    private static final Map<String, String> OPTIONS = Map.of(
            "dora",
            "useDora",
            "bias",
            "bias",
            "save",
            "modulesToSave",
            "ranks",
            "rankPattern",
            "alphas",
            "alphaPattern");

    static GoldenCase read(String name) {
        try {
            Path file = FOLDER.resolve("cases").resolve(name + ".json");
            return new GoldenCase(name, new ObjectMapper().readTree(file.toFile()));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    JsonNode settings() {
        return root.path("settings");
    }

    Path modelFolder() {
        return FOLDER.resolve("models").resolve(settings().path("model").asText());
    }

    List<Example> examples() {
        List<Example> examples = new ArrayList<>();
        root.path("examples")
                .forEach(row -> examples.add(new Example(ints(row.path("input_ids")), ints(row.path("labels")))));
        return examples;
    }

    /** What PEFT writes to adapter_config.json. */
    List<String> targetModules() {
        List<String> names = new ArrayList<>();
        root.path("target_modules").forEach(name -> names.add(name.asText()));
        return names;
    }

    static int[] ints(JsonNode array) {
        int[] values = new int[array.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = array.get(i).intValue();
        }
        return values;
    }

    /** The tensors before training under their own names, or after it. */
    Map<String, float[]> adapter(String prefix) {
        Map<String, float[]> tensors = new TreeMap<>();
        try (Checkpoint file = Checkpoint.open(FOLDER.resolve("cases").resolve(name + ".safetensors"))) {
            for (String key : file.names()) {
                if (key.startsWith("initial.") != prefix.isEmpty()) {
                    tensors.put(key.substring(prefix.length()), file.tensor(key).toFloats());
                }
            }
        }
        return tensors;
    }

    /** The adapter before training as a folder of PEFT's. */
    Path initialAdapter(Path scratch) {
        Map<String, TensorToWrite> tensors = new TreeMap<>();
        try (Checkpoint file = Checkpoint.open(FOLDER.resolve("cases").resolve(name + ".safetensors"))) {
            file.names().stream()
                    .filter(key -> key.startsWith("initial."))
                    .map(file::tensor)
                    .forEach(tensor -> tensors.put(
                            tensor.name().substring("initial.".length()),
                            TensorToWrite.floats(tensor.shape(), tensor.toFloats())));
        }
        SafetensorsWriter.write(scratch.resolve("adapter_model.safetensors"), Map.of(), tensors);
        return scratch;
    }

    /** How a step's examples pass through the model where there is room for its batches, on a device that likes full ones. */
    MicroBatching microBatching(SocraticFineTuneSpec spec) {
        return new MicroBatching(
                ModelConfig.read(modelFolder()).shape(0).grouping(spec),
                spec.training().batchSize(),
                spec.training().maxSequenceLength(),
                1,
                64);
    }

    /** The case as a resource; {@code changes} are lines of YAML that replace those of the same key. */
    SocraticFineTuneSpec spec(Path scratch, String... changes) {
        Map<String, String> lora = new TreeMap<>(Map.of(
                "r", settings().path("r").asText(),
                "alpha", settings().path("alpha").asText(),
                "dropout", "0",
                "useRslora", settings().path("rslora").asText(),
                "targetModules", settings().path("targets").toString()));
        OPTIONS.forEach((key, field) -> {
            if (settings().has(key)) {
                lora.put(field, settings().path(key).toString());
            }
        });
        Map<String, String> training = new TreeMap<>(Map.of(
                "maxSteps", settings().path("steps").asText(),
                "batchSize", settings().path("batch").asText(),
                "gradientAccumulation", settings().path("accumulation").asText(),
                "learningRate", settings().path("rate").asText(),
                "scheduler", settings().path("scheduler").asText(),
                "warmupSteps", settings().path("warmup").asText(),
                "weightDecay", settings().path("decay").asText(),
                "maxGradNorm", settings().path("clip").asText(),
                "checkpointEverySteps", "0"));
        if (settings().has("smoothing")) {
            training.put("labelSmoothingFactor", settings().path("smoothing").asText());
        }
        if (settings().has("optimizer")) {
            training.put("optimizer", settings().path("optimizer").asText());
        }
        Map<String, String> dataset = new TreeMap<>(Map.of("uri", "pvc://data/train.jsonl", "shuffle", "false"));
        Map<String, String> quantization = new TreeMap<>();
        if (!settings().path("doubleQuant").isNull()) {
            quantization.put("doubleQuant", settings().path("doubleQuant").asText());
            quantization.put("computeDtype", settings().path("compute").asText("float32"));
        }
        Map<String, String> model = new TreeMap<>(Map.of(
                "uri", "pvc://model/m",
                "dtype", settings().path("dtype").asText("float32"),
                "attention", settings().path("attention").asText()));
        Map<String, Map<String, String>> sections = Map.of(
                "model", model, "lora", lora, "training", training, "dataset", dataset, "quantization", quantization);
        for (String change : changes) {
            String[] parts = change.split("[.:]", 3);
            sections.get(parts[0]).put(parts[1], parts[2].strip());
        }
        return read(scratch, sections);
    }

    private SocraticFineTuneSpec read(Path scratch, Map<String, Map<String, String>> sections) {
        StringBuilder yaml = new StringBuilder("apiVersion: socratic.dev/v1alpha1\nkind: SocraticFineTune\n");
        yaml.append("metadata: {name: golden}\nspec:\n  output: {uri: 'pvc://out/o'}\n  placement: {gpus: 0}\n");
        sections.forEach((section, values) -> {
            if (!values.isEmpty()) {
                yaml.append("  ").append(section).append(":\n");
                values.forEach((key, value) -> yaml.append("    %s: %s\n".formatted(key, value)));
            }
        });
        try {
            return ResourceFile.read(Files.writeString(scratch.resolve("case.yaml"), yaml))
                    .getSpec();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    Decoder load(TorchEngine engine, SocraticFineTuneSpec spec, Path scratch, SavedActivations saved) {
        return load(engine, spec, modelFolder(), scratch, saved);
    }

    Decoder load(TorchEngine engine, SocraticFineTuneSpec spec, Path model, Path scratch, SavedActivations saved) {
        int layers = ModelConfig.read(model).layers().size();
        return Decoder.load(
                engine,
                new LoadRequest(
                        model,
                        spec,
                        DeviceMap.allOn("cpu", layers),
                        settings().path("tokens").intValue(),
                        Optional.of(initialAdapter(scratch)),
                        Collections.nCopies(layers, saved)));
    }
}
