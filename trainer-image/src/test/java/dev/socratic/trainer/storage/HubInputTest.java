package dev.socratic.trainer.storage;

import static dev.socratic.trainer.storage.HubServer.COMMIT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.TrainerFailure;
import dev.socratic.trainer.storage.HubServer.Fault;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class HubInputTest {
    private static final String REPOSITORY = "lab/tiny";
    private static final String MODEL = "hf://" + REPOSITORY;
    private static final String WEIGHTS = "model.safetensors";
    private static final InputOptions OPTIONS = InputOptions.of(InputKind.MODEL);

    @TempDir
    Path cache;

    private final byte[] weights = new byte[300_000];
    private HubServer hub;

    @BeforeEach
    void start() throws IOException {
        new Random(1).nextBytes(weights);
        hub = new HubServer(REPOSITORY, repository());
    }

    @AfterEach
    void stop() {
        hub.close();
    }

    private Map<String, byte[]> repository() {
        Map<String, byte[]> files = new HashMap<>();
        files.put(WEIGHTS, weights);
        for (String name : List.of(
                "config.json",
                "tokenizer.json",
                "chat_template.jinja",
                "README.md",
                "pytorch_model.bin",
                "onnx/m.onnx")) {
            files.put(name, name.getBytes(StandardCharsets.UTF_8));
        }
        return files;
    }

    private Storage storage(String... environment) {
        Map<String, String> variables =
                new HashMap<>(Map.of("HF_ENDPOINT", hub.endpoint().toString(), "SOCRATIC_CACHE", cache.toString()));
        for (int i = 0; i < environment.length; i += 2) {
            variables.put(environment[i], environment[i + 1]);
        }
        RetryPolicy quick = new RetryPolicy(3, Duration.ofMillis(1));
        return new Storage(StorageSettings.fromEnvironment(variables).with(quick));
    }

    @Test
    void onlyTheNeededFilesComeAndTheCommitIsNamed() throws IOException {
        ResolvedInput model = storage().resolve(MODEL, OPTIONS);

        assertThat(model.revision()).contains(COMMIT);
        assertThat(model.path()).isEqualTo(cache.resolve("hub/models--lab--tiny/snapshots/" + COMMIT));
        assertThat(files(model.path()))
                .containsExactly("chat_template.jinja", "config.json", WEIGHTS, "tokenizer.json");
        assertThat(model.path().resolve(WEIGHTS)).hasBinaryContent(weights);
        assertThat(cache.resolve("hub/models--lab--tiny/refs/main")).hasContent(COMMIT);
    }

    @Test
    void tokenizingFetchesNoWeightsAndTrainingThenFetchesThem() throws IOException {
        ResolvedInput tokenizer = storage().resolve(MODEL, InputOptions.of(InputKind.TOKENIZER));
        assertThat(files(tokenizer.path())).containsExactly("chat_template.jinja", "tokenizer.json");

        ResolvedInput model = storage().resolve(MODEL, OPTIONS);
        assertThat(model.path().resolve(WEIGHTS)).hasBinaryContent(weights);
    }

    @Test
    void theTokenStaysWithTheHub() {
        storage("HUGGINGFACE_TOKEN", "hf_secret").resolve(MODEL, OPTIONS);

        assertThat(hub.requests())
                .filteredOn(request -> request.host().equals("127.0.0.1"))
                .isNotEmpty()
                .allMatch(request -> "Bearer hf_secret".equals(request.authorization()));
        assertThat(hub.requests())
                .filteredOn(request -> request.host().equals("127.0.0.2"))
                .isNotEmpty()
                .allMatch(request -> request.authorization() == null);
    }

    @Test
    void aWarmCacheMakesNoContentRequest() {
        storage().resolve(MODEL, OPTIONS);
        int before = hub.requests().size();

        storage().resolve(MODEL, new InputOptions(InputKind.MODEL, COMMIT));

        assertThat(hub.requests().subList(before, hub.requests().size()))
                .extracting(HubServer.Request::path)
                .containsExactly("/api/models/lab/tiny/revision/" + COMMIT);
    }

    @Test
    void aCutDownloadGoesOnWhereItStopped() {
        hub.suffer(WEIGHTS, Fault.CUT_IN_HALF, Fault.BUSY);

        ResolvedInput model = storage().resolve(MODEL, OPTIONS);

        assertThat(model.path().resolve(WEIGHTS)).hasBinaryContent(weights);
        assertThat(hub.contentRequests())
                .filteredOn(request -> request.host().equals("127.0.0.2"))
                .extracting(HubServer.Request::range)
                .containsExactly(null, "bytes=150000-", "bytes=150000-");
    }

    @Test
    void aDownloadGoesOnInTheNextRun() throws IOException {
        Path blobs = Files.createDirectories(cache.resolve("hub/models--lab--tiny/blobs"));
        byte[] start = java.util.Arrays.copyOf(weights, 1000);
        Files.write(blobs.resolve(HubServer.sha256(weights) + ".socratic.incomplete"), start);

        ResolvedInput model = storage().resolve(MODEL, OPTIONS);

        assertThat(model.path().resolve(WEIGHTS)).hasBinaryContent(weights);
        assertThat(hub.contentRequests()).extracting(HubServer.Request::range).contains("bytes=1000-");
    }

    @Test
    void alteredContentIsFetchedAgain() {
        hub.suffer(WEIGHTS, Fault.ALTERED);
        hub.suffer("config.json", Fault.ALTERED);

        ResolvedInput model = storage().resolve(MODEL, OPTIONS);

        assertThat(model.path().resolve(WEIGHTS)).hasBinaryContent(weights);
        assertThat(model.path().resolve("config.json")).hasContent("config.json");
    }

    @Test
    void alteredContentNeverBecomesTheModel() throws IOException {
        hub.suffer(WEIGHTS, Fault.ALTERED, Fault.ALTERED, Fault.ALTERED);

        TrainerFailure failure = failure(MODEL, OPTIONS);

        assertThat(failure.exitCode()).isEqualTo(75);
        assertThat(failure).hasMessageContaining(HubServer.sha256(weights));
        assertThat(files(cache.resolve("hub/models--lab--tiny/blobs"))).doesNotContain(HubServer.sha256(weights));
    }

    @Test
    void anUnreachableHubIsWorthAnotherAttempt() {
        hub.close();

        assertThat(failure(MODEL, OPTIONS).reason()).isEqualTo(FailureReason.TryAgain);
    }

    @Test
    void concurrentRunsShareOneDownload() {
        List<CompletableFuture<ResolvedInput>> runs = Stream.generate(
                        () -> CompletableFuture.supplyAsync(() -> storage().resolve(MODEL, OPTIONS)))
                .limit(4)
                .toList();

        assertThat(runs)
                .allSatisfy(
                        run -> assertThat(run.join().path().resolve(WEIGHTS)).hasBinaryContent(weights));
        assertThat(hub.contentRequests())
                .filteredOn(request -> request.host().equals("127.0.0.2"))
                .hasSize(1);
    }

    static Stream<Arguments> refusals() {
        String api = "/api/models/lab/tiny";
        String file = "/lab/tiny/resolve/";
        return Stream.of(
                arguments(
                        "gated, no token",
                        refuse(file, 401, "GatedRepo"),
                        FailureReason.AccessDenied,
                        "accept its licence at"),
                arguments(
                        "gated, other token",
                        refuse(file, 403, "GatedRepo"),
                        FailureReason.AccessDenied,
                        "accept its licence at"),
                arguments(
                        "missing", refuse(api, 404, "RepoNotFound"), FailureReason.ModelNotFound, "no such repository"),
                arguments("hidden", refuse(api, 401, null), FailureReason.ModelNotFound, "spec.model.secretRef"),
                arguments(
                        "no revision",
                        refuse(api, 404, "RevisionNotFound"),
                        FailureReason.ModelNotFound,
                        "no such branch, tag or commit"),
                arguments("no file", refuse(file, 404, "EntryNotFound"), FailureReason.ModelNotFound, "no such file"),
                arguments("forbidden", refuse(api, 403, null), FailureReason.AccessDenied, "refuses access"),
                arguments("broken", refuse(api, 500, null), FailureReason.TryAgain, "3 attempts"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("refusals")
    void refusalsAreToldApart(String name, Consumer<HubServer> refusal, FailureReason reason, String message) {
        refusal.accept(hub);

        TrainerFailure failure = failure(MODEL, OPTIONS);

        assertThat(failure.reason()).isEqualTo(reason);
        assertThat(failure).hasMessageContaining(message).hasMessageContaining("what to do: ");
    }

    static Stream<Arguments> repositories() {
        byte[] index =
                "{\"weight_map\":{\"a\":\"model-00001-of-00002.safetensors\",\"b\":\"model-00002-of-00002.safetensors\"}}"
                        .getBytes(StandardCharsets.UTF_8);
        byte[] any = {1};
        return Stream.of(
                arguments(
                        "shards",
                        "hf://lab/tiny",
                        InputKind.MODEL,
                        Map.of(
                                "config.json",
                                any,
                                "model.safetensors.index.json",
                                index,
                                "model-00001-of-00002.safetensors",
                                any,
                                "model-00002-of-00002.safetensors",
                                new byte[] {2},
                                "consolidated.safetensors",
                                any),
                        "config.json model-00001-of-00002.safetensors model-00002-of-00002.safetensors model.safetensors.index.json"),
                arguments(
                        "folder",
                        "hf://lab/tiny/sub/it",
                        InputKind.MODEL,
                        Map.of("config.json", any, "sub/it/config.json", any, "sub/it/model.safetensors", any),
                        "config.json model.safetensors"),
                arguments(
                        "adapter",
                        "hf://lab/tiny",
                        InputKind.ADAPTER,
                        Map.of("adapter_config.json", any, "adapter_model.safetensors", any, "optimizer.pt", any),
                        "adapter_config.json adapter_model.safetensors"),
                arguments(
                        "only .bin",
                        "hf://lab/tiny",
                        InputKind.MODEL,
                        Map.of("config.json", any, "pytorch_model.bin", any),
                        "! no model.safetensors"),
                arguments("no model", "hf://lab/tiny", InputKind.MODEL, Map.of("README.md", any), "! no config.json"),
                arguments(
                        "lost shard",
                        "hf://lab/tiny",
                        InputKind.MODEL,
                        Map.of("config.json", any, "model.safetensors.index.json", index),
                        "! names a shard"),
                arguments(
                        "two datasets",
                        "hf://lab/tiny",
                        InputKind.DATASET,
                        Map.of("a.jsonl", any, "b.jsonl", any),
                        "! a.jsonl, b.jsonl"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("repositories")
    void everyShapeOfRepository(String name, String uri, InputKind kind, Map<String, byte[]> content, String expected)
            throws IOException {
        hub.close();
        hub = new HubServer(REPOSITORY, content);
        InputOptions options = InputOptions.of(kind);

        if (expected.startsWith("! ")) {
            assertThat(failure(uri, options)).hasMessageContaining(expected.substring(2));
        } else {
            assertThat(files(storage().resolve(uri, options).path())).containsExactly(expected.split(" "));
        }
    }

    private TrainerFailure failure(String uri, InputOptions options) {
        return catchThrowableOfType(TrainerFailure.class, () -> storage().resolve(uri, options));
    }

    private static Consumer<HubServer> refuse(String prefix, int status, String code) {
        return server -> server.refuse(prefix, status, code);
    }

    private static List<String> files(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }
}
