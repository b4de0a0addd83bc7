package dev.socratic.trainer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.socratic.trainer.checkpoint.Checkpoint;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The commands in this process, on a model of a few kilobytes that {@link TinyModel} makes. */
class SocraticTrainerTest {
    private static final JsonMapper JSON = new JsonMapper();

    @TempDir
    Path folder;

    private Path output;
    private String err;

    @BeforeEach
    void model() throws IOException {
        TinyModel.write(folder.resolve("model"));
        Files.writeString(
                folder.resolve("train.jsonl"), "{\"text\":\"ab ab\"}\n{\"text\":\"ba\"}\n{\"text\":\"a b a\"}\n");
        output = folder.resolve("out");
    }

    @Test
    void trainsToAnAdapterThatGenerateAnswersWith() throws IOException {
        assertThat(run("train", yaml -> yaml)).as(err).isZero();
        assertThat(output)
                .isDirectoryContaining("glob:**adapter_config.json")
                .isDirectoryContaining("glob:**tokenizer.json")
                .isDirectoryContaining("glob:**report.html")
                .isDirectoryContaining("glob:**README.md")
                .isDirectoryNotContaining("glob:**.socratic-staging");
        assertThat(losses()).hasSize(2).allSatisfy(loss -> assertThat(loss).isPositive());
        try (Checkpoint adapter = Checkpoint.open(output.resolve("adapter_model.safetensors"))) {
            assertThat(adapter.names()).hasSize(2 * 2);
        }
        assertThat(run("generate", yaml -> yaml)).as(err).isZero();
    }

    @Test
    void aRunThatIsAskedForAgainGoesOnFromItsCheckpoint() throws IOException {
        assertThat(run("train", yaml -> yaml)).as(err).isZero();
        byte[] adapter = Files.readAllBytes(output.resolve("adapter_model.safetensors"));
        byte[] metrics = Files.readAllBytes(output.resolve("metrics.jsonl"));
        assertThat(run("train", yaml -> yaml)).as(err).isZero();
        assertThat(output.resolve("adapter_model.safetensors")).hasBinaryContent(adapter);
        assertThat(output.resolve("metrics.jsonl")).hasBinaryContent(metrics);
    }

    @Test
    void otherDialoguesStartARunOfTheirOwn() throws IOException {
        assertThat(run("train", yaml -> yaml)).as(err).isZero();
        List<Double> losses = losses();
        replace(folder, "train.jsonl", "ba", "ab");
        assertThat(run("train", yaml -> yaml)).as(err).isZero();
        assertThat(losses()).hasSize(2).doesNotContainAnyElementsOf(losses);
    }

    @Test
    void fewerRowsAtOnceGiveTheSameLosses() throws IOException {
        assertThat(run("train", yaml -> yaml)).as(err).isZero();
        List<Double> whole = losses();
        output = folder.resolve("out-in-parts");
        UnaryOperator<String> inParts =
                yaml -> yaml.replace("batchSize: 2, gradientAccumulation: 1", "batchSize: 1, gradientAccumulation: 2");
        assertThat(run("train", inParts)).as(err).isZero();
        for (int i = 0; i < whole.size(); i++) {
            assertThat(losses().get(i)).isCloseTo(whole.get(i), Offset.offset(1e-5));
        }
    }

    @Test
    void mergesAfterTrainingAndOnRequest() throws IOException {
        UnaryOperator<String> merging = yaml -> yaml.replace("/out'}", "/out', merge: true}");
        assertThat(run("train", merging)).as(err).isZero();
        Path merged = output.resolve("merged");
        assertThat(merged).isDirectoryContaining("glob:**config.json").isDirectoryContaining("glob:**tokenizer.json");
        byte[] weights = Files.readAllBytes(merged.resolve("model.safetensors"));
        Files.delete(merged.resolve("model.safetensors"));
        assertThat(run("merge", yaml -> yaml)).as(err).isZero();
        assertThat(merged.resolve("model.safetensors")).hasBinaryContent(weights);
        UnaryOperator<String> tuned = yaml -> yaml.replace("/model'", "/out/merged'");
        assertThat(run("plan", tuned)).as(err).isZero();
    }

    record Refusal(String what, String command, Damage damage, UnaryOperator<String> yaml, int exitCode, String says) {
        @Override
        public String toString() {
            return what;
        }
    }

    interface Damage {
        void to(Path folder) throws IOException;
    }

    static Stream<Refusal> refusals() {
        Damage none = folder -> {};
        UnaryOperator<String> as = yaml -> yaml;
        UnaryOperator<String> tight = yaml -> yaml.replace("cpu: 1Gi", "cpu: 1Ki");
        return Stream.of(
                new Refusal("no such command", "trian", none, as, 64, "socratic-trainer train"),
                new Refusal("unknown field", "train", none, y -> y.replace("alpha:", "alfa:"), 64, "spec.lora.alfa"),
                new Refusal("no such model", "train", none, y -> y.replace("/model'", "/modell'"), 66, "model.uri"),
                new Refusal("broken line", "train", f -> replace(f, "train.jsonl", "ba\"}", "ba\""), as, 65, "jsonl:2"),
                new Refusal(
                        "unknown architecture",
                        "train",
                        f -> replace(f, "model/config.json", "Llama", "Mamba9"),
                        as,
                        64,
                        "Mamba9ForCausalLM"),
                new Refusal(
                        "damaged weights",
                        "train",
                        f -> Files.write(f.resolve("model/model.safetensors"), new byte[20]),
                        as,
                        65,
                        "model.safetensors"),
                new Refusal(
                        "no tokenizer", "train", f -> Files.delete(f.resolve("model/tokenizer.json")), as, 66, "json"),
                new Refusal("output is a file", "train", f -> Files.createFile(f.resolve("out")), as, 66, "output.uri"),
                new Refusal("cap too small", "train", none, tight, 77, "maxMemory"),
                new Refusal("cap too small to plan", "plan", none, tight, 77, "maxMemory"),
                new Refusal("nothing to merge", "merge", none, as, 66, "spec.output.uri"),
                new Refusal(
                        "not quantized as said",
                        "train",
                        f -> replace(
                                f, "model/config.json", "{", "{\"quantization_config\":{\"quant_method\":\"awq\"},"),
                        as,
                        64,
                        "awq"),
                new Refusal("no quantization", "quantize", none, as, 64, "spec.quantization"));
    }

    @ParameterizedTest
    @MethodSource("refusals")
    void endsWithAMessageAnExitCodeAndNoAdapter(Refusal refusal) throws IOException {
        refusal.damage.to(folder);
        assertThat(run(refusal.command, refusal.yaml)).as(err).isEqualTo(refusal.exitCode);
        assertThat(err).contains(refusal.says).doesNotContain("\tat ");
        assertThat(Files.exists(output.resolve("adapter_model.safetensors"))).isFalse();
        assertThat(Files.exists(output.resolve(".socratic-staging"))).isFalse();
    }

    private static void replace(Path folder, String file, String from, String to) throws IOException {
        Path path = folder.resolve(file);
        Files.writeString(path, Files.readString(path).replace(from, to));
    }

    private List<Double> losses() throws IOException {
        List<Double> losses = new ArrayList<>();
        for (String line : Files.readAllLines(output.resolve("metrics.jsonl"))) {
            JsonNode step = JSON.readTree(line);
            assertThat(step.path("step").asInt()).isEqualTo(losses.size() + 1);
            losses.add(step.path("loss").asDouble());
        }
        return losses;
    }

    private int run(String command, UnaryOperator<String> change) throws IOException {
        Path file = folder.resolve("finetune.yaml");
        Files.writeString(file, change.apply(yaml()));
        PrintStream before = System.err;
        ByteArrayOutputStream captured = new ByteArrayOutputStream();
        System.setErr(new PrintStream(captured, true, StandardCharsets.UTF_8));
        try {
            return SocraticTrainer.run(Map.of(), command, file.toString());
        } finally {
            System.setErr(before);
            err = captured.toString(StandardCharsets.UTF_8);
        }
    }

    private String yaml() {
        return """
                apiVersion: socratic.dev/v1alpha1
                kind: SocraticFineTune
                metadata: {name: tiny}
                spec:
                  model: {uri: 'file://%1$s/model', dtype: float32}
                  lora: {r: 2, alpha: 4, dropout: 0.0, targetModules: [q_proj, v_proj]}
                  dataset: {uri: 'file://%1$s/train.jsonl', shuffle: false, loss: all}
                  training: {maxSteps: 2, batchSize: 2, gradientAccumulation: 1, maxSequenceLength: 16,
                    learningRate: 0.01, warmupSteps: 0, checkpointEverySteps: 1}
                  evaluation: {prompts: [ab], maxNewTokens: 2}
                  placement: {gpus: 0, maxMemory: {cpu: 1Gi}}
                  output: {uri: 'file://%2$s'}
                """.formatted(folder, output);
    }
}
