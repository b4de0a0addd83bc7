package dev.socratic.trainer.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpServer;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.TrainerFailure;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StorageTest {
    private static final String LINES = "{\"text\":\"空\"}\n".repeat(1000);

    @TempDir
    Path root;

    private Map<String, String> environment;

    @BeforeEach
    void mount() throws IOException {
        Files.createDirectories(root.resolve("pvc/models/gemma 2"));
        Files.createDirectories(root.resolve("configmap/dialogues"));
        Files.writeString(root.resolve("configmap/dialogues/train.jsonl"), LINES);
        Files.writeString(root.resolve("pvc/models/train.jsonl"), LINES);
        environment = Map.of(
                "SOCRATIC_PVC_ROOT", root.resolve("pvc").toString(),
                "SOCRATIC_CONFIGMAP_ROOT", root.resolve("configmap").toString(),
                "SOCRATIC_CACHE", root.resolve("cache").toString());
    }

    private Storage storage() {
        return new Storage(StorageSettings.fromEnvironment(environment));
    }

    @ParameterizedTest
    @CsvSource({
        "pvc://models/gemma 2,            MODEL,   pvc/models/gemma 2",
        "pvc://models/train.jsonl,        DATASET, pvc/models/train.jsonl",
        "configmap://dialogues/train.jsonl, DATASET, configmap/dialogues/train.jsonl",
    })
    void mountedInputsAreFound(String uri, InputKind kind, String path) {
        assertThat(storage().resolve(uri, InputOptions.of(kind)).path()).isEqualTo(root.resolve(path));
    }

    @Test
    void aFileUriTakesThePathAsWritten() {
        Path folder = root.resolve("pvc/models/gemma 2");
        assertThat(storage().resolve("file://" + folder, InputOptions.of(InputKind.MODEL)))
                .isEqualTo(ResolvedInput.at(folder));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "pvc://models/gemma      | MODEL   | ModelNotFound        | gemma 2, train.jsonl",
                "pvc://models/gemma 2    | DATASET | DatasetNotFound      | is a folder, not a file",
                "pvc://nowhere/m         | ADAPTER | InputNotFound        | spec.lora.initialAdapterUri",
                "pvc://models/../../etc  | MODEL   | InvalidConfiguration | stay in it",
                "configmap://dialogues/k | DATASET | DatasetNotFound      | train.jsonl",
                "configmap://dialogues/k | MODEL   | InvalidConfiguration | one dataset file",
                "https://example.org/m   | MODEL   | InvalidConfiguration | https:// in spec.dataset",
                "https://h/a.jsonl#md5=1 | DATASET | InvalidConfiguration | #sha256=",
                "s3://bucket/key         | MODEL   | InvalidConfiguration | configmap://, file://, hf://, https://, pvc://",
                "oci://registry/name     | MODEL   | InvalidConfiguration | spec.model.uri",
                "/models/gemma           | MODEL   | InvalidConfiguration | SCHEME://",
                "hf://gemma              | MODEL   | InvalidConfiguration | hf://OWNER/NAME",
            })
    void whatCannotBeResolvedSaysWhy(String uri, InputKind kind, FailureReason reason, String message) {
        TrainerFailure failure =
                catchThrowableOfType(TrainerFailure.class, () -> storage().resolve(uri, InputOptions.of(kind)));

        assertThat(failure.reason()).isEqualTo(reason);
        assertThat(failure).hasMessageContaining(message).hasMessageContaining(uri);
    }

    @ParameterizedTest
    @CsvSource({"s3://bucket/key", "oci://registry/name", "https://host/x", "configmap://a/b"})
    void outputsThatCannotBeWrittenAreRefusedAtOnce(String uri) {
        assertThatThrownBy(() -> storage().output(uri))
                .hasMessageContaining("spec.output.uri")
                .hasMessageContaining(uri)
                .hasMessageContaining("allowed: pvc://CLAIM/PATH, hf://OWNER/NAME, file:///PATH");
    }

    @Test
    void anHttpFileIsResumedCheckedAndKept() throws IOException {
        byte[] body = LINES.getBytes(StandardCharsets.UTF_8);
        List<String> ranges = new CopyOnWriteArrayList<>();
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/", exchange -> {
            try (exchange) {
                String range = String.valueOf(exchange.getRequestHeaders().getFirst("Range"));
                ranges.add(range + " " + exchange.getRequestHeaders().getFirst("If-Range"));
                exchange.getResponseHeaders().set("ETag", "\"v1\"");
                int half = body.length / 2;
                if (ranges.size() == 1) {
                    exchange.sendResponseHeaders(200, body.length);
                    exchange.getResponseBody().write(body, 0, half);
                    exchange.getResponseBody().flush();
                } else {
                    exchange.getResponseHeaders()
                            .set("Content-Range", "bytes " + half + "-" + (body.length - 1) + "/" + body.length);
                    exchange.sendResponseHeaders(206, body.length - half);
                    exchange.getResponseBody().write(body, half, body.length - half);
                }
            }
        });
        server.start();
        try {
            StorageSettings settings =
                    StorageSettings.fromEnvironment(environment).with(new RetryPolicy(3, Duration.ofMillis(1)));
            Scheme https = new HttpsInput(settings, new FileLocks());
            String address =
                    "127.0.0.1:" + server.getAddress().getPort() + "/train.jsonl#sha256=" + HubServer.sha256(body);
            StorageUri uri = new StorageUri("http", address);

            Path first = https.resolve(uri, InputOptions.of(InputKind.DATASET)).path();
            Path second = https.resolve(uri, InputOptions.of(InputKind.DATASET)).path();

            assertThat(first).isEqualTo(second).hasBinaryContent(body);
            assertThat(ranges).containsExactly("null null", "bytes=" + body.length / 2 + "- \"v1\"");
        } finally {
            server.stop(0);
        }
    }

    @Test
    void theTokenCannotBePrinted() {
        StorageSettings settings = StorageSettings.fromEnvironment(Map.of("HF_TOKEN", "hf_secret"));

        assertThat(settings.hubToken()).contains(new AccessToken("hf_secret"));
        assertThat(settings.toString()).doesNotContain("hf_secret");
    }
}
