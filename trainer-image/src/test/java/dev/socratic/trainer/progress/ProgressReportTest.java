package dev.socratic.trainer.progress;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProgressReportTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** The dashboard and the alerts are held to the names in it. */
    private static final Path METRICS = Path.of("src/test/resources/dev/socratic/trainer/progress/metrics.txt");

    private final LatestReport latest = new LatestReport(Clock.fixed(Runs.NOON, ZoneOffset.UTC));

    @Test
    void theReportIsTheContractWithTheOperator() throws Exception {
        Runs.play(latest);

        assertThat(JSON.readTree(latest.get().toJson())).isEqualTo(JSON.readTree("""
                {"phase":"Succeeded","message":"questions: 0 of 20 before, 19 of 20 after","step":4,"totalSteps":4,
                 "epoch":0.04,"loss":0.5,"evalLoss":1.25,"learningRate":1.9e-4,"gradNorm":0.53,
                 "tokensPerSecond":4210.0,"etaSeconds":0,"updatedAt":"2026-11-24T12:00:00Z",
                 "modelRevision":"0123456789abcdef","parameters":{"trainable":6389760,"total":2620731648},
                 "devices":[{"id":"0","name":"NVIDIA H200","layers":"embed,0-7","capBytes":4294967296,
                             "plannedBytes":3221225472,"peakBytes":null}],
                 "checkpoint":{"step":4,"uri":"file:///checkpoints/step-4"},
                 "adapter":{"uri":"pvc://adapters/ja","sha256":"ab12","sizeBytes":25600000},
                 "report":"pvc://adapters/ja/report.html","reason":null,"exitCode":0}"""));
    }

    @Test
    void aReportWithoutStepsHasNullsNotZeros() throws Exception {
        latest.phase(RunPhase.Loading, "reading");

        assertThat(JSON.readTree(latest.get().toJson()).get("step").isNull()).isTrue();
    }

    @Test
    void aRunThatGoesOnHasItsCheckpointFromTheFirstStep() throws Exception {
        latest.resumed(5, Path.of("/checkpoints/step-5"));
        latest.step(Runs.step(6, 8));

        assertThat(JSON.readTree(latest.get().toJson()).at("/checkpoint/step").asInt())
                .isEqualTo(5);
    }

    @Test
    void aLossThatIsNoNumberIsNull() throws Exception {
        TrainingStep one = Runs.step(1, 2);
        latest.step(new TrainingStep(1, 2, 0, Double.NaN, Double.POSITIVE_INFINITY, 1e-4, 1, 1, null, 0, one.at()));

        assertThat(latest.get().toJson()).contains("\"loss\":null").contains("\"gradNorm\":null");
    }

    @Test
    void theServerGivesReportAndMetrics() throws Exception {
        Runs.play(latest);
        try (ProgressServer server = ProgressServer.start(new InetSocketAddress("127.0.0.1", 0), latest::get)) {
            assertThat(get(server, "/progress").body()).isEqualTo(latest.get().toJson());
            assertThat(get(server, "/metrics").body().lines())
                    .contains(
                            "# TYPE socratic_trainer_loss gauge",
                            "socratic_trainer_loss 0.5",
                            "socratic_trainer_eval_loss 1.25",
                            "socratic_trainer_phase{phase=\"Succeeded\"} 1",
                            "socratic_trainer_phase{phase=\"Training\"} 0",
                            "socratic_trainer_device_cap_bytes{device=\"0\"} 4294967296")
                    .noneMatch(line -> line.contains("null") || line.contains("peak"));
            assertThat(get(server, "/progress/other").statusCode()).isEqualTo(404);
        }
    }

    @Test
    void metricsArePrometheusText() throws Exception {
        RunFacts.Device gpu = Runs.facts().devices().get(0);
        RunFacts.Device measured = new RunFacts.Device(
                gpu.id(), gpu.name(), gpu.layers(), gpu.capBytes(), gpu.plannedBytes(), gpu.plannedBytes() - 1);
        Runs.play(latest);
        latest.plan(new RunFacts(null, null, List.of(measured)));

        String page = PrometheusText.of(latest.get());

        if (Boolean.getBoolean("golden.write")) {
            Files.writeString(METRICS, page);
        }
        assertThat(page).as("-Dgolden.write=true writes %s anew", METRICS).isEqualTo(Files.readString(METRICS));
    }

    @Test
    void theTerminationMessageTellsTheFailureWithinTheKubeletsLimit(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("termination-log"), "x".repeat(9000));
        RunFacts.Device device = Runs.facts().devices().get(0);
        latest.plan(new RunFacts(null, null, new ArrayList<>(Collections.nCopies(40, device))));
        TerminationMessage sink = new TerminationMessage(file, latest::get);
        RunOutcome outcome =
                RunOutcome.failed(Problem.of(FailureReason.InvalidData, "空".repeat(5000) + "😀".repeat(500))
                        .failure());

        latest.finished(outcome);
        sink.finished(outcome);

        byte[] written = Files.readAllBytes(file);
        assertThat(written.length).isBetween(1000, 4096);
        assertThat(JSON.readTree(written).path("reason").asText()).isEqualTo("InvalidData");
        assertThat(JSON.readTree(written).path("exitCode").asInt()).isEqualTo(65);
        assertThat(JSON.readTree(written).path("message").asText())
                .startsWith("空空")
                .endsWith("…");
        assertThat(new String(written, StandardCharsets.UTF_8)).doesNotContain("\uFFFD");
    }

    private static HttpResponse<String> get(ProgressServer server, String path) throws Exception {
        URI address = URI.create("http://127.0.0.1:" + server.address().getPort() + path);
        return HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void metricsGoOnFromTheCheckpoint(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("metrics.jsonl");
        try (MetricsFile metrics = MetricsFile.open(file, 0)) {
            Runs.play(metrics);
        }
        Files.writeString(file, "{\"step\":5,\"lo", java.nio.file.StandardOpenOption.APPEND);

        try (MetricsFile metrics = MetricsFile.open(file, 2)) {
            metrics.step(Runs.step(3, 4));
        }

        List<String> lines = Files.readAllLines(file);
        assertThat(lines)
                .containsExactly(
                        "{\"step\":1,\"epoch\":0.01,\"loss\":2.0,\"grad_norm\":0.53,\"learning_rate\":1.9E-4,"
                                + "\"tokens\":512,\"tokens_per_second\":4210.0}",
                        "{\"step\":2,\"epoch\":0.02,\"loss\":1.0,\"grad_norm\":0.53,\"learning_rate\":1.9E-4,"
                                + "\"tokens\":512,\"tokens_per_second\":4210.0,\"eval_loss\":1.25}",
                        "{\"step\":3,\"epoch\":0.03,\"loss\":0.6666666666666666,\"grad_norm\":0.53,"
                                + "\"learning_rate\":1.9E-4,\"tokens\":512,\"tokens_per_second\":4210.0}");
    }
}
