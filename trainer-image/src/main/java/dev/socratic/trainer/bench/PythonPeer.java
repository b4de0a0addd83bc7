package dev.socratic.trainer.bench;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.trainer.data.Example;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * transformers, PEFT and bitsandbytes in a process of their own, on the same model, tokens and settings: {@code peer.py}
 * among the resources.
 *
 * @param python the interpreter that has these packages
 * @param folder holds the model's config.json, and takes all that is made for the run
 */
record PythonPeer(String python, Path folder, BenchSettings settings, SocraticFineTuneSpec spec) {
    private static final JsonMapper JSON = new JsonMapper();
    private static final String SCRIPT = "peer.py";

    /**
     * What the peer measured.
     *
     * @param tokensPerSecond of each step that counts
     * @param losses of every step
     */
    record Measured(
            Map<String, String> versions,
            boolean gradientCheckpointing,
            List<Long> tokensPerSecond,
            double cpuSecondsPerStep,
            List<Double> losses,
            Long peakBytes) {}

    /** Checks the interpreter and puts random weights into the folder. */
    void makeModel() {
        script().place();
        writeRun(List.of());
        script().start("make", folder.toString());
    }

    /**
     * Trains that model.
     *
     * @param examples of every step
     * @param learningRates one a step
     */
    Measured train(List<Example> examples, List<Double> learningRates) {
        try {
            List<int[]> tokens = examples.stream().map(Example::inputIds).toList();
            JSON.writeValue(folder.resolve("tokens.json").toFile(), tokens);
        } catch (IOException e) {
            throw PythonScript.unwritable(e);
        }
        writeRun(learningRates);
        return script().result(Measured.class, "train", folder.toString());
    }

    private PythonScript script() {
        return new PythonScript(python, folder, SCRIPT);
    }

    private void writeRun(List<Double> learningRates) {
        Map<String, Object> run = new LinkedHashMap<>();
        run.put("device", settings.gpus() == 0 ? "cpu" : "cuda:0");
        run.put("dtype", settings.dtype().name().toLowerCase(Locale.ROOT));
        run.put("weights", settings.weights().name());
        run.put("batch", settings.batch());
        run.put("attention", settings.attention().name().toLowerCase(Locale.ROOT));
        run.put("checkpointing", true);
        run.put("seed", spec.training().seed());
        run.put("r", spec.lora().r());
        run.put("alpha", spec.lora().alpha());
        run.put("dropout", spec.lora().dropout());
        run.put("targets", spec.lora().targetModules());
        run.put("weightDecay", spec.training().weightDecay());
        run.put("maxGradNorm", spec.training().maxGradNorm());
        run.put("learningRates", learningRates);
        run.put("warmUp", settings.warmUp());
        try {
            JSON.writeValue(folder.resolve("run.json").toFile(), run);
        } catch (IOException e) {
            throw PythonScript.unwritable(e);
        }
    }
}
