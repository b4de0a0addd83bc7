package dev.socratic.trainer.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.JsonErrors;
import dev.socratic.trainer.failure.Problem;
import dev.socratic.trainer.failure.TrainerFailure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;

/**
 * The tensors of a model folder by name: one {@code model.safetensors}, or the shards that
 * {@code model.safetensors.index.json} lists. A single file (an adapter) opens the same way.
 */
public final class Checkpoint implements AutoCloseable {
    public static final String SINGLE_FILE = "model.safetensors";
    public static final String INDEX = "model.safetensors.index.json";

    private static final JsonMapper JSON = new JsonMapper();

    private final List<MappedFile> files;
    private final TreeMap<String, StoredTensor> tensors;
    private final Path source;

    private Checkpoint(Path source, List<MappedFile> files, TreeMap<String, StoredTensor> tensors) {
        this.source = source;
        this.files = files;
        this.tensors = tensors;
    }

    /**
     * Maps and checks every file of the checkpoint; reads no weights yet.
     *
     * @param folderOrFile a model folder as transformers writes it, or one safetensors file
     * @throws TrainerFailure {@code InputNotFound} when there are no weights, {@code InvalidData} when they are damaged
     */
    public static Checkpoint open(Path folderOrFile) {
        if (Files.isRegularFile(folderOrFile)) {
            return open(folderOrFile, Map.of(folderOrFile, List.of()));
        }
        Path single = folderOrFile.resolve(SINGLE_FILE);
        if (Files.exists(single)) {
            return open(folderOrFile, Map.of(single, List.of()));
        }
        Path index = folderOrFile.resolve(INDEX);
        if (Files.exists(index)) {
            return open(folderOrFile, shards(index));
        }
        throw noWeights(folderOrFile);
    }

    public SortedSet<String> names() {
        return Collections.unmodifiableSortedSet(tensors.navigableKeySet());
    }

    public boolean has(String name) {
        return tensors.containsKey(name);
    }

    /** @throws TrainerFailure {@code InvalidData} when the checkpoint lacks it, naming the nearest names it has */
    public StoredTensor tensor(String name) {
        StoredTensor tensor = tensors.get(name);
        if (tensor == null) {
            throw Problem.of(FailureReason.InvalidData, "the checkpoint has no tensor " + name)
                    .where(source.toString())
                    .found(tensors.size() + " tensors, near it " + neighbours(name))
                    .remedy("check that config.json and the weights belong together")
                    .failure();
        }
        return tensor;
    }

    /** Whether it has both tensors, with different content. */
    public boolean hasDifferent(String name, String other) {
        return has(name) && has(other) && !tensors.get(name).hasContentOf(tensors.get(other));
    }

    /** Releases the files. The mappings themselves go when the last buffer on them is unreachable. */
    @Override
    public void close() {
        for (MappedFile file : files) {
            try {
                file.close();
            } catch (IOException e) {
                throw new UncheckedIOException("cannot close " + file.path(), e);
            }
        }
    }

    private List<String> neighbours(String name) {
        List<String> near = new ArrayList<>();
        String before = tensors.lowerKey(name);
        String after = tensors.higherKey(name);
        if (before != null) {
            near.add(before);
        }
        if (after != null) {
            near.add(after);
        }
        return near;
    }

    private static Checkpoint open(Path source, Map<Path, List<String>> namesByFile) {
        List<MappedFile> files = new ArrayList<>();
        Checkpoint checkpoint = new Checkpoint(source, files, new TreeMap<>());
        try {
            namesByFile.forEach((path, names) -> {
                MappedFile file = map(path);
                files.add(file);
                checkpoint.add(file, names);
            });
            return checkpoint;
        } catch (RuntimeException e) {
            checkpoint.close();
            throw e;
        }
    }

    private void add(MappedFile file, List<String> names) {
        Map<String, TensorEntry> entries = SafetensorsHeader.read(file);
        for (String name : names.isEmpty() ? entries.keySet() : names) {
            TensorEntry entry = entries.get(name);
            if (entry == null) {
                throw SafetensorsHeader.damaged(
                        file.path(), INDEX + " expects tensor " + name + " in this file, but it is not there", null);
            }
            tensors.put(name, new StoredTensor(entry, file));
        }
    }

    private static MappedFile map(Path path) {
        try {
            return MappedFile.open(path);
        } catch (NoSuchFileException e) {
            throw Problem.of(FailureReason.InputNotFound, "a file of the checkpoint is missing")
                    .where(path.toString())
                    .remedy("copy or download all files that " + INDEX + " names")
                    .failure(e);
        } catch (AccessDeniedException e) {
            throw Problem.of(FailureReason.AccessDenied, "the file may not be read")
                    .where(path.toString())
                    .remedy("give the trainer's user permission to read it")
                    .failure(e);
        } catch (IOException e) {
            throw Problem.of(FailureReason.InputNotFound, "the file cannot be read (" + e + ")")
                    .where(path.toString())
                    .failure(e);
        }
    }

    private static Map<Path, List<String>> shards(Path index) {
        Map<Path, List<String>> namesByFile = new LinkedHashMap<>();
        JsonNode weightMap = readJson(index).path("weight_map");
        weightMap.fields().forEachRemaining(entry -> {
            String file = entry.getValue().asText();
            if (file.isEmpty() || file.contains("/") || file.contains("\\") || file.startsWith(".")) {
                throw SafetensorsHeader.damaged(
                        index,
                        "weight_map names \"" + file + "\" for " + entry.getKey() + ", not a file beside it",
                        null);
            }
            namesByFile
                    .computeIfAbsent(index.resolveSibling(file), path -> new ArrayList<>())
                    .add(entry.getKey());
        });
        if (namesByFile.isEmpty()) {
            throw SafetensorsHeader.damaged(index, "weight_map lists no tensors", null);
        }
        return namesByFile;
    }

    private static JsonNode readJson(Path file) {
        try {
            return JSON.readTree(Files.readString(file));
        } catch (JsonProcessingException e) {
            throw SafetensorsHeader.damaged(file, "not valid JSON (" + JsonErrors.describe(e) + ")", e);
        } catch (IOException e) {
            throw SafetensorsHeader.damaged(file, "cannot be read (" + e + ")", e);
        }
    }

    private static TrainerFailure noWeights(Path folder) {
        boolean pickled = Files.exists(folder.resolve("pytorch_model.bin"))
                || Files.exists(folder.resolve("pytorch_model.bin.index.json"));
        Problem problem = Problem.of(FailureReason.InputNotFound, "no model weights in this folder")
                .where(folder.toString())
                .allowed(String.join(" or ", Arrays.asList(SINGLE_FILE, INDEX)));
        return pickled
                ? problem.found("pytorch_model.bin")
                        .remedy("convert it with transformers' save_pretrained, pickled weights are never run")
                        .failure()
                : problem.remedy("check spec.model.uri").failure();
    }
}
