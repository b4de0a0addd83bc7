package dev.socratic.trainer.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.socratic.trainer.checkpoint.Checkpoint;
import dev.socratic.trainer.checkpoint.SafetensorsWriter;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import dev.socratic.trainer.model.LoraAdapter;
import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Checkpoints of a run: {@code step-N} holds adapter and moments as {@code state.safetensors} and the rest as {@code
 * run.json}. Each is written beside and renamed when it is whole, and renamed before it is deleted; the last two of the
 * run are kept.
 */
final class CheckpointFolder {
    private static final int KEPT = 2;
    private static final Pattern NAME = Pattern.compile("step-(\\d{1,9})");
    private static final Pattern LEFTOVER = Pattern.compile("\\.step-\\d{1,9}\\.(partial|old)");
    private static final String TENSORS = "state.safetensors";
    private static final String RUN = "run.json";
    private static final String BEST = "best.safetensors";

    private final Path folder;
    private final String runId;
    private final ObjectMapper json = new ObjectMapper();

    CheckpointFolder(Path folder, String runId) {
        this.folder = folder;
        this.runId = runId;
    }

    /** Where the checkpoint of a step is. */
    Path at(int step) {
        return folder.resolve("step-" + step);
    }

    Path write(LoraAdapter adapter, RunState state) {
        Path target = at(state.step());
        Path beside = folder.resolve(".step-" + state.step() + ".partial");
        try {
            Files.createDirectories(folder);
            for (Path leftover : children(LEFTOVER)) {
                delete(leftover);
            }
            Files.createDirectories(beside);
            SafetensorsWriter.write(beside.resolve(TENSORS), Map.of("format", "pt"), adapter.state());
            json.writeValue(beside.resolve(RUN).toFile(), run(state));
            if (Files.exists(target)) {
                discard(target);
            }
            move(beside, target);
            for (Path old : ownFirst().stream().skip(KEPT).toList()) {
                discard(old);
            }
            return target;
        } catch (IOException e) {
            throw Problem.of(FailureReason.OutputNotWritable, "a checkpoint cannot be written: " + e.getMessage())
                    .where(target.toString())
                    .remedy("free space, or make the folder writable")
                    .failure(e);
        }
    }

    private ObjectNode run(RunState state) {
        ObjectNode run = json.createObjectNode()
                .put("runId", runId)
                .put("step", state.step())
                .put("updates", state.updates())
                .put("lossScale", state.scaler().scale())
                .put("lossScaleGoodSteps", state.scaler().goodSteps())
                .put("scaling", state.scaler().scaling())
                .put("evaluationsWithoutImprovement", state.earlyStopping().withoutImprovement());
        if (state.earlyStopping().bestStep() > 0) {
            run.put("bestLoss", state.earlyStopping().bestLoss())
                    .put("bestStep", state.earlyStopping().bestStep());
        }
        return run;
    }

    private static EarlyStopping earlyStopping(JsonNode run, EarlyStopping start) {
        return new EarlyStopping(
                start.patience(),
                run.path("bestLoss").asDouble(start.bestLoss()),
                run.path("bestStep").asInt(start.bestStep()),
                run.path("evaluationsWithoutImprovement").asInt(start.withoutImprovement()));
    }

    /** Keeps the adapter as the best so far. */
    void writeBest(LoraAdapter adapter) {
        try {
            Files.createDirectories(folder);
            SafetensorsWriter.write(folder.resolve(BEST), Map.of("runId", runId), adapter.state());
        } catch (IOException e) {
            throw Problem.of(FailureReason.OutputNotWritable, "the best adapter cannot be kept: " + e.getMessage())
                    .where(folder.toString())
                    .remedy("free space, or make the folder writable")
                    .failure(e);
        }
    }

    /** Sets the adapter to the one that {@link #writeBest} kept last. */
    void restoreBest(LoraAdapter adapter) {
        try (Checkpoint best = Checkpoint.open(folder.resolve(BEST))) {
            adapter.restore(best);
        }
    }

    /** Sets the adapter to the newest checkpoint of this run, if there is one. */
    Optional<RunState> restore(LoraAdapter adapter, EarlyStopping start) {
        try {
            for (Path checkpoint : ownFirst()) {
                JsonNode run = run(checkpoint);
                if (isOwn(run)) {
                    try (Checkpoint tensors = Checkpoint.open(checkpoint.resolve(TENSORS))) {
                        adapter.restore(tensors);
                    }
                    GradScaler scaler = new GradScaler(
                            number(run, "lossScale").doubleValue(),
                            number(run, "lossScaleGoodSteps").intValue(),
                            run.path("scaling").booleanValue());
                    return Optional.of(new RunState(
                            number(run, "step").intValue(),
                            number(run, "updates").intValue(),
                            scaler,
                            earlyStopping(run, start)));
                }
            }
            return Optional.empty();
        } catch (IOException e) {
            throw Problem.of(FailureReason.InputNotFound, "a checkpoint cannot be read: " + e.getMessage())
                    .where(folder.toString())
                    .remedy("delete the checkpoint to train from the one before it, or from the start")
                    .failure(e);
        }
    }

    private static JsonNode number(JsonNode run, String field) throws IOException {
        JsonNode value = run.path(field);
        if (!value.isNumber()) {
            throw new IOException(RUN + " has no number " + field);
        }
        return value;
    }

    /** This run's from the newest on, then those of others. */
    private List<Path> ownFirst() throws IOException {
        List<Path> own = new ArrayList<>();
        List<Path> others = new ArrayList<>();
        for (Path checkpoint : children(NAME)) {
            (isOwn(run(checkpoint)) ? own : others).add(checkpoint);
        }
        Comparator<Path> newest =
                Comparator.comparingInt(CheckpointFolder::step).reversed();
        return Stream.concat(own.stream().sorted(newest), others.stream().sorted(newest))
                .toList();
    }

    private JsonNode run(Path checkpoint) throws IOException {
        Path file = checkpoint.resolve(RUN);
        return Files.exists(file) ? json.readTree(file.toFile()) : json.createObjectNode();
    }

    private boolean isOwn(JsonNode run) {
        return run.path("runId").asText().equals(runId);
    }

    private List<Path> children(Pattern name) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> children = Files.list(folder)) {
            return children.filter(
                            path -> name.matcher(path.getFileName().toString()).matches())
                    .toList();
        }
    }

    /** At no moment is there half a checkpoint that looks like a whole one. */
    private void discard(Path checkpoint) throws IOException {
        Path old = folder.resolve("." + checkpoint.getFileName() + ".old");
        delete(old);
        move(checkpoint, old);
        delete(old);
    }

    private static int step(Path path) {
        Matcher name = NAME.matcher(path.getFileName().toString());
        return name.matches() ? Integer.parseInt(name.group(1)) : -1;
    }

    private static void move(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(from, to);
        }
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> contents = Files.walk(folder)) {
            for (Path path : contents.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
