package dev.socratic.trainer.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.TrainerFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HubOutputTest {
    private static final String REPOSITORY = "tutors/socratic-ja";

    @TempDir
    Path folder;

    private final byte[] weights = new byte[2 * HubUploadServer.PART + 1];
    private HubServer hub;

    @BeforeEach
    void start() throws IOException {
        new Random(1).nextBytes(weights);
        hub = new HubServer(REPOSITORY, Map.of());
    }

    @AfterEach
    void stop() {
        hub.close();
    }

    private Storage storage() {
        Map<String, String> variables = Map.of(
                "HF_ENDPOINT",
                hub.endpoint().toString(),
                "SOCRATIC_CACHE",
                folder.toString(),
                "HUGGINGFACE_TOKEN",
                "hf_reads",
                "SOCRATIC_OUTPUT_TOKEN",
                "hf_writes");
        RetryPolicy quick = new RetryPolicy(2, Duration.ofMillis(1));
        return new Storage(StorageSettings.fromEnvironment(variables).with(quick));
    }

    private void publish(OutputFolder output) throws IOException {
        output.checkWritable();
        Path staging = output.staging();
        Files.write(staging.resolve(OutputFolder.ADAPTER_WEIGHTS), weights);
        Files.writeString(staging.resolve("adapter_config.json"), "{}");
        Files.writeString(staging.resolve("README.md"), "a card");
        Files.write(Files.createDirectories(staging.resolve("merged")).resolve("model.safetensors"), new byte[9]);
        output.publish();
    }

    @Test
    void filesComeInOneCommitAndReadAgainAreTheSame() throws IOException {
        try (OutputFolder output = storage().output("hf://" + REPOSITORY + "/v1")) {
            publish(output);
            publish(output);
        }
        assertThat(hub.uploads().made()).contains(REPOSITORY + " private");
        assertThat(hub.uploads().commits())
                .hasSize(2)
                .allSatisfy(commit -> assertThat(commit)
                        .contains(
                                "v1/adapter_config.json",
                                "v1/adapter_model.safetensors",
                                "v1/merged/model.safetensors"));
        assertThat(hub.uploads().commits())
                .as("a model card that is there stays")
                .extracting(commit -> commit.contains("v1/README.md"))
                .containsExactly(true, false);
        assertThat(hub.requests())
                .filteredOn(request -> request.method().equals("POST"))
                .allSatisfy(request -> assertThat(request.authorization()).isEqualTo("Bearer hf_writes"));
        assertThat(hub.requests().stream().filter(request -> request.method().equals("PUT")))
                .as("each content once, its address being all that it needs")
                .hasSize(4)
                .allSatisfy(request -> assertThat(request.authorization()).isNull());
        Path read = storage()
                .resolve("hf://" + REPOSITORY + "/v1", InputOptions.of(InputKind.ADAPTER))
                .path();
        assertThat(read.resolve(OutputFolder.ADAPTER_WEIGHTS)).hasBinaryContent(weights);
    }

    @ParameterizedTest(name = "{0} answered with {1}")
    @CsvSource({
        "/api/repos/create, 401, AccessDenied, spec.output.secretRef",
        "/api/repos/create, 403, AccessDenied, may not write to tutors/socratic-ja",
        "/api/models/, 400, OutputNotWritable, HTTP status 400",
        "/tutors/socratic-ja.git/, 503, TryAgain, start an upload",
    })
    void refusalNamesWhatToDoAndCommitsNothing(String request, int status, FailureReason reason, String said)
            throws IOException {
        hub.refuse(request, status, null);
        try (OutputFolder output = storage().output("hf://" + REPOSITORY)) {
            TrainerFailure failure = catchThrowableOfType(TrainerFailure.class, () -> publish(output));
            assertThat(failure.reason()).isEqualTo(reason);
            assertThat(failure.getMessage()).contains(said);
        }
        assertThat(hub.uploads().commits()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"hf://datasets/tutors/socratic-ja", "hf://tutors", "hf://tutors/../x"})
    void onlyModelRepositories(String uri) {
        assertThat(catchThrowableOfType(TrainerFailure.class, () -> storage().output(uri))
                        .getMessage())
                .contains("spec.output.uri", uri, "hf://OWNER/NAME");
    }
}
