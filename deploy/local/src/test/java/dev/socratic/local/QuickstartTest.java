package dev.socratic.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The quickstart, shortened, with the trainer that this build made: from YAML to adapter, and to each kind of failure. */
class QuickstartTest {
    private static final Path REPOSITORY = Path.of("../..").toAbsolutePath().normalize();
    private static final Path SAMPLE = REPOSITORY.resolve("deploy/samples/quickstart");

    @TempDir
    Path folder;

    private Path claim;

    @BeforeEach
    void claimWithTheSample() throws IOException {
        assumeTrue(
                Files.isDirectory(REPOSITORY.resolve("trainer-image/target/lib")),
                "the trainer is not built; run mvn verify in the repository's root");
        claim = folder.resolve("quickstart");
        copy(SAMPLE.resolve("model"), claim.resolve("model"));
        for (String name : List.of("socratic.jsonl", "socratic-eval.jsonl")) {
            Files.copy(SAMPLE.resolve(name), claim.resolve(name));
        }
    }

    @Test
    void shortRunEndsWithAnAdapterAndReplies() throws IOException {
        Outcome outcome = run(spec -> {}, "--control-plane=auto");

        Path adapter = folder.resolve("state/claims/default/adapters/socratic-quickstart");
        assertThat(outcome.output())
                .containsPattern("socratic-quickstart +quickstart/model +Succeeded +4/4 ")
                .contains("adapter   " + adapter, "prompt    ", "before    ", "after     ", " of 2 after");
        assertThat(outcome.status()).isZero();
        assertThat(adapter)
                .isDirectoryContaining("glob:**/adapter_config.json")
                .isDirectoryContaining("glob:**/adapter_model.safetensors")
                .isDirectoryContaining("glob:**/tokenizer.json")
                .isDirectoryContaining("glob:**/report.html");
        assertThat(Files.readAllLines(adapter.resolve("metrics.jsonl"))).hasSize(4);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("failures")
    void failureNamesWhatToMendAndLeavesNoAdapter(Failure failure) throws IOException {
        failure.harm().to(claim, folder);

        Outcome outcome = run(failure.change(), "--control-plane=mock");

        assertThat(outcome.output()).contains(failure.words());
        assertThat(outcome.status()).isEqualTo(failure.status());
        try (Stream<Path> left = Files.walk(folder.resolve("state/claims/default/adapters"))) {
            assertThat(left.filter(path -> path.getFileName().toString().startsWith("adapter_")))
                    .isEmpty();
        }
    }

    static Stream<Arguments> failures() {
        return Stream.of(
                        new Failure(
                                "a model that is not there",
                                66,
                                Harm.NONE,
                                spec -> set(spec, "model", "uri", "pvc://quickstart/modell"),
                                "modell"),
                        new Failure(
                                "a line that is not JSON",
                                65,
                                (claim, folder) -> {
                                    List<String> lines = Files.readAllLines(SAMPLE.resolve("socratic.jsonl"));
                                    lines.set(2, "{\"messages\": [");
                                    Files.write(claim.resolve("broken.jsonl"), lines);
                                },
                                spec -> set(spec, "dataset", "uri", "pvc://quickstart/broken.jsonl"),
                                "broken.jsonl",
                                "3"),
                        new Failure(
                                "an architecture that is not known",
                                64,
                                (claim, folder) -> {
                                    Path model = copy(SAMPLE.resolve("model"), claim.resolve("other"));
                                    String config = Files.readString(SAMPLE.resolve("model/config.json"));
                                    Files.writeString(
                                            model.resolve("config.json"),
                                            config.replace("Gemma2ForCausalLM", "MambaForCausalLM")
                                                    .replace("\"gemma2\"", "\"mamba\""));
                                },
                                spec -> set(spec, "model", "uri", "pvc://quickstart/other"),
                                "amba",
                                "Gemma2ForCausalLM"),
                        new Failure(
                                "a Secret that is not there",
                                66,
                                Harm.NONE,
                                spec -> ((ObjectNode) spec.get("model"))
                                        .putObject("secretRef")
                                        .put("name", "no-such-secret"),
                                "SecretNotFound",
                                "no-such-secret",
                                "Create the Secret"),
                        new Failure(
                                "an output that cannot be written",
                                66,
                                (claim, folder) -> Files.writeString(
                                        Files.createDirectories(folder.resolve("state/claims/default/adapters"))
                                                .resolve("taken"),
                                        ""),
                                spec -> set(spec, "output", "uri", "pvc://adapters/taken/adapter"),
                                "taken"))
                .map(failure -> Arguments.of(failure));
    }

    private Outcome run(Consumer<JsonNode> change, String... options) throws IOException {
        ObjectNode file =
                (ObjectNode) Serialization.unmarshal(Files.readString(SAMPLE.resolve("finetune.yaml")), JsonNode.class);
        ObjectNode spec = (ObjectNode) file.get("spec");
        ((ObjectNode) spec.get("training"))
                .put("maxSteps", 4)
                .put("batchSize", 2)
                .put("evalEverySteps", 2);
        var prompts =
                ((ObjectNode) spec.get("evaluation")).put("maxNewTokens", 4).withArray("prompts");
        while (prompts.size() > 2) {
            prompts.remove(2);
        }
        change.accept(spec);
        Path path = Files.writeString(folder.resolve("finetune.yaml"), Serialization.asYaml(file));
        var output = new ByteArrayOutputStream();
        String[] arguments = Stream.concat(
                        Stream.of(
                                "--state",
                                folder.resolve("state").toString(),
                                "--claim",
                                "quickstart=" + claim,
                                path.toString()),
                        Stream.of(options))
                .toArray(String[]::new);
        int status = LocalMode.run(REPOSITORY, new PrintStream(output, true, StandardCharsets.UTF_8), arguments);
        return new Outcome(status, output.toString(StandardCharsets.UTF_8));
    }

    private static Path copy(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(file.getFileName()));
            }
        }
        return to;
    }

    private static void set(JsonNode spec, String group, String field, String value) {
        ((ObjectNode) spec.get(group)).put(field, value);
    }

    private interface Harm {
        Harm NONE = (claim, folder) -> {};

        void to(Path claim, Path folder) throws IOException;
    }

    private record Failure(String name, int status, Harm harm, Consumer<JsonNode> change, String... words) {
        @Override
        public String toString() {
            return name;
        }
    }

    private record Outcome(int status, String output) {}
}
