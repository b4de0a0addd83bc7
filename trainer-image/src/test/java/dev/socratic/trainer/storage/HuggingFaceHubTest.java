package dev.socratic.trainer.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The test's hub and our cache are what Python's huggingface_hub takes them for. PARITY_PYTHON names its interpreter. */
class HuggingFaceHubTest {
    private static final String PYTHON = System.getenv().getOrDefault("PARITY_PYTHON", "python3");
    private static final String REPOSITORY = "lab/tiny";

    @TempDir
    Path cache;

    private final Map<String, byte[]> files = Map.of(
            "config.json", "{}".getBytes(StandardCharsets.UTF_8),
            "tokenizer.json", "{\"model\":{}}".getBytes(StandardCharsets.UTF_8),
            "model.safetensors", new byte[70_000]);
    private HubServer hub;

    @BeforeEach
    void start() throws Exception {
        assumeTrue(
                python("import huggingface_hub").ended() == 0,
                "no Python with huggingface_hub: set PARITY_PYTHON to one");
        hub = new HubServer(REPOSITORY, files);
    }

    @AfterEach
    void stop() {
        if (hub != null) {
            hub.close();
        }
    }

    @Test
    void pythonReadsWhatJavaFetchedWithoutTheNetwork() throws Exception {
        ResolvedInput fetched = storage().resolve("hf://" + REPOSITORY, InputOptions.of(InputKind.MODEL));
        hub.close();

        Answer answer = python("from huggingface_hub import snapshot_download, hf_hub_download\n"
                + "print(snapshot_download('lab/tiny', local_files_only=True))\n"
                + "print(hf_hub_download('lab/tiny', 'model.safetensors', local_files_only=True))");

        assertThat(answer.lines())
                .containsExactly(
                        fetched.path().toString(),
                        fetched.path().resolve("model.safetensors").toString());
    }

    @Test
    void javaUsesWhatPythonFetched() throws Exception {
        Answer answer = python("from huggingface_hub import snapshot_download\nprint(snapshot_download('lab/tiny'))");
        assertThat(answer.ended()).as(answer.toString()).isZero();
        int before = hub.requests().size();

        ResolvedInput model = storage().resolve("hf://" + REPOSITORY, InputOptions.of(InputKind.MODEL));

        assertThat(answer.lines()).containsExactly(model.path().toString());
        assertThat(hub.requests().subList(before, hub.requests().size()))
                .noneMatch(request -> request.path().contains("/resolve/"));
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            assertThat(model.path().resolve(file.getKey())).hasBinaryContent(file.getValue());
        }
    }

    @Test
    void theHubTakesWhatPythonUploadsAsItTakesOurs() throws Exception {
        Path folder = Files.createDirectories(cache.resolve("adapter/merged")).getParent();
        Files.write(folder.resolve("adapter_model.safetensors"), new byte[2 * HubUploadServer.PART + 1]);
        Files.writeString(folder.resolve("adapter_config.json"), "{}");
        Files.write(folder.resolve("merged/model.safetensors"), new byte[9]);
        Answer answer = python("from huggingface_hub import HfApi\n"
                + "api = HfApi(token='hf_writes')\n"
                + "api.create_repo('lab/tiny', private=True, exist_ok=True)\n"
                + "api.upload_folder(repo_id='lab/tiny', folder_path='" + folder + "')");
        assertThat(answer.ended()).as(answer.toString()).isZero();

        try (OutputFolder output = storage().output("hf://" + REPOSITORY)) {
            output.checkWritable();
            Path staging = output.staging();
            Files.createDirectories(staging.resolve("merged"));
            for (String file :
                    List.of("adapter_model.safetensors", "adapter_config.json", "merged/model.safetensors")) {
                Files.copy(folder.resolve(file), staging.resolve(file));
            }
            output.publish();
        }

        assertThat(hub.uploads().commits())
                .hasSize(2)
                .allSatisfy(commit -> assertThat(commit)
                        .containsExactlyInAnyOrder(
                                "adapter_config.json", "adapter_model.safetensors", "merged/model.safetensors"));
    }

    private Storage storage() {
        return new Storage(StorageSettings.fromEnvironment(
                Map.of("HF_ENDPOINT", hub.endpoint().toString(), "HF_HOME", cache.toString())));
    }

    private record Answer(int ended, List<String> lines, String errors) {}

    private Answer python(String program) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(PYTHON, "-c", program);
        builder.environment().put("HF_HOME", cache.toString());
        builder.environment().put("HF_HUB_DISABLE_XET", "1");
        builder.environment().put("HF_HUB_DISABLE_TELEMETRY", "1");
        if (hub != null) {
            builder.environment().put("HF_ENDPOINT", hub.endpoint().toString());
        }
        Path errors = cache.resolve("stderr.txt");
        builder.redirectError(errors.toFile());
        Process process;
        try {
            process = builder.start();
        } catch (IOException noSuchProgram) {
            return new Answer(127, List.of(), noSuchProgram.getMessage());
        }
        List<String> lines = new ArrayList<>(process.inputReader().lines().toList());
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return new Answer(process.exitValue(), lines, Files.readString(errors));
    }
}
