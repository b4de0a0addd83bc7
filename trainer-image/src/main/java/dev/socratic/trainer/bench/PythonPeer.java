package dev.socratic.trainer.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.trainer.data.Example;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
    private static final String PACKAGES = "torch, transformers, peft, bitsandbytes";
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
        requirePackages();
        try (InputStream script = PythonPeer.class.getResourceAsStream(SCRIPT)) {
            Files.copy(script, folder.resolve(SCRIPT));
        } catch (IOException e) {
            throw unwritable(e);
        }
        writeRun(List.of());
        output(script("make"));
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
            throw unwritable(e);
        }
        writeRun(learningRates);
        List<String> lines = output(script("train"));
        try {
            return JSON.readValue(lines.get(lines.size() - 1), Measured.class);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the peer printed " + lines.get(lines.size() - 1), e);
        }
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
            throw unwritable(e);
        }
    }

    private static UncheckedIOException unwritable(IOException e) {
        return new UncheckedIOException("cannot write to the folder for temporary files", e);
    }

    private void requirePackages() {
        Finished finished = start(List.of(python, "-c", "import " + PACKAGES));
        if (finished.exitCode != 0) {
            String found = finished.lines.isEmpty() ? "exit code " + finished.exitCode : finished.last();
            throw invalid("the interpreter cannot import what is compared with", found)
                    .remedy(python + " -m pip install torch transformers peft bitsandbytes accelerate")
                    .failure();
        }
    }

    private List<String> script(String command) {
        return List.of(python, folder.resolve(SCRIPT).toString(), command, folder.toString());
    }

    private List<String> output(List<String> command) {
        Finished finished = start(command);
        if (finished.exitCode != 0 || finished.lines.isEmpty() && command.contains("train")) {
            throw Problem.of(FailureReason.InternalError, "the comparison did not run to its end")
                    .where(String.join(" ", command))
                    .found("exit code " + finished.exitCode + ": " + String.join("\n", finished.lines))
                    .failure();
        }
        return finished.lines;
    }

    private record Finished(int exitCode, List<String> lines) {
        String last() {
            return lines.get(lines.size() - 1);
        }
    }

    private Finished start(List<String> command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            List<String> lines = new ArrayList<>();
            process.inputReader().lines().filter(line -> !line.isBlank()).forEach(lines::add);
            return new Finished(process.waitFor(), lines);
        } catch (IOException e) {
            throw invalid("the interpreter cannot be started", e.getMessage())
                    .remedy("name a Python that has " + PACKAGES)
                    .failure(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static Problem invalid(String what, String found) {
        return Problem.of(FailureReason.InvalidConfiguration, what)
                .where("--compare")
                .found(found)
                .allowed("a Python interpreter with " + PACKAGES);
    }
}
