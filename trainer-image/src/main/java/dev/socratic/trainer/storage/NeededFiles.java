package dev.socratic.trainer.storage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which files of a repository a run needs. A repository often holds the weights several times, in formats and
 * precisions that are not read here.
 *
 * @param repository where they are; its path is the folder, or the file of a dataset
 * @param listed every path of the revision
 */
record NeededFiles(HubRepository repository, Set<String> listed, InputKind kind) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> CONFIG = List.of("config.json", "generation_config.json");
    private static final List<String> TOKENIZER = List.of(
            "tokenizer.json",
            "tokenizer_config.json",
            "special_tokens_map.json",
            "added_tokens.json",
            "tokenizer.model",
            "vocab.json",
            "merges.txt",
            "vocab.txt",
            "chat_template.jinja",
            "chat_template.json");
    private static final String WEIGHTS = "model.safetensors";
    private static final String INDEX = "model.safetensors.index.json";
    private static final String ADAPTER_CONFIG = "adapter_config.json";
    private static final String ADAPTER_WEIGHTS = "adapter_model.safetensors";

    /** Without the shards of {@link #index()}, whose names only the index knows. */
    List<String> first() {
        return switch (kind) {
            case MODEL -> model();
            case TOKENIZER -> presentOf(TOKENIZER);
            case ADAPTER -> adapter();
            case DATASET, EVALUATION_DATASET -> List.of(datasetFile());
        };
    }

    /** Path of the index when the model's weights are in shards, otherwise null. */
    String index() {
        return kind == InputKind.MODEL && !has(WEIGHTS) && has(INDEX) ? in(INDEX) : null;
    }

    /** @param index the local copy of {@link #index()} */
    List<String> shards(Path index) throws IOException {
        Set<String> names = new TreeSet<>();
        for (JsonNode file : JSON.readTree(index.toFile()).path("weight_map")) {
            names.add(file.asText());
        }
        for (String name : names) {
            if (!has(name)) {
                throw problem("the index of the weights names a shard that the repository lacks")
                        .where(in(INDEX))
                        .found(name)
                        .remedy("choose a complete revision")
                        .failure();
            }
        }
        return names.stream().map(this::in).toList();
    }

    private List<String> model() {
        if (!has(CONFIG.get(0))) {
            throw problem("there is no config.json, so this is no model in the format of transformers")
                    .found(names(listed))
                    .remedy("name the folder that holds config.json: hf://OWNER/NAME/PATH")
                    .failure();
        }
        if (!has(WEIGHTS) && !has(INDEX)) {
            throw noSafetensors();
        }
        List<String> wanted = new ArrayList<>(CONFIG);
        wanted.add(has(WEIGHTS) ? WEIGHTS : INDEX);
        wanted.addAll(TOKENIZER);
        return presentOf(wanted);
    }

    private RuntimeException noSafetensors() {
        List<String> others = listed.stream()
                .filter(path -> path.matches(".*\\.(bin|pt|pth|gguf|h5|msgpack|onnx|safetensors)"))
                .toList();
        return problem("there is no " + WEIGHTS + " and no " + INDEX)
                .found(others.isEmpty() ? names(listed) : names(others))
                .allowed("weights as safetensors")
                .remedy("choose a revision or a repository with safetensors, or convert the model with save_pretrained"
                        + " of transformers")
                .failure();
    }

    private List<String> adapter() {
        for (String name : List.of(ADAPTER_CONFIG, ADAPTER_WEIGHTS)) {
            if (!has(name)) {
                throw problem("there is no " + name + ", so this is no adapter in the format of PEFT")
                        .found(names(listed))
                        .remedy("name the folder that holds it: hf://OWNER/NAME/PATH")
                        .failure();
            }
        }
        List<String> wanted = new ArrayList<>(List.of(ADAPTER_CONFIG, ADAPTER_WEIGHTS));
        wanted.addAll(TOKENIZER);
        return presentOf(wanted);
    }

    private List<String> presentOf(List<String> names) {
        return names.stream().filter(this::has).map(this::in).toList();
    }

    private String datasetFile() {
        if (listed.contains(repository.path())) {
            return repository.path();
        }
        List<String> candidates = listed.stream()
                .filter(path -> repository.path().isEmpty() || path.startsWith(repository.path() + "/"))
                .filter(path -> path.endsWith(".jsonl"))
                .toList();
        if (candidates.size() == 1) {
            return candidates.get(0);
        }
        throw problem(
                        candidates.isEmpty()
                                ? "the repository has no such file of JSON lines"
                                : "the repository has several files of JSON lines")
                .found(repository.path().isEmpty() ? repository.id() : repository.path())
                .allowed(names(candidates.isEmpty() ? listed : candidates))
                .remedy("name the file: hf://" + repository.page() + "/PATH.jsonl")
                .failure();
    }

    private Problem problem(String what) {
        FailureReason reason = kind.missing();
        return Problem.of(reason, what).where(kind.field());
    }

    private boolean has(String name) {
        return listed.contains(in(name));
    }

    private String in(String name) {
        return repository.path().isEmpty() ? name : repository.path() + "/" + name;
    }

    private static String names(Iterable<String> paths) {
        List<String> some = new ArrayList<>();
        for (String path : paths) {
            if (some.size() == 10) {
                some.add("…");
                break;
            }
            some.add(path);
        }
        return String.join(", ", some);
    }
}
