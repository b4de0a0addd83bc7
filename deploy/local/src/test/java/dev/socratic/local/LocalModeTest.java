package dev.socratic.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.socratic.local.controlplane.ControlPlanes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The command from YAML to its last words, with a program in the trainer's place. */
class LocalModeTest {
    private static final long SECONDS = 120;

    @TempDir
    Path folder;

    private Path repository;

    @BeforeEach
    void folders() throws Exception {
        repository = Path.of(
                Objects.requireNonNull(getClass().getResource("/repository")).toURI());
        repository.resolve("trainer-image/bin/socratic-trainer").toFile().setExecutable(true);
        Files.createDirectories(folder.resolve("sample"));
        Files.writeString(folder.resolve("sample/train.jsonl"), "{}\n");
    }

    @ParameterizedTest
    @EnumSource(
            value = ControlPlanes.Choice.class,
            names = {"MOCK", "REAL"})
    void successEndsWithAdapterReportAndReplies(ControlPlanes.Choice choice) throws IOException {
        assumeTrue(
                choice == ControlPlanes.Choice.MOCK || ControlPlanes.realIsInstalled(),
                "etcd and kube-apiserver are not on this machine");
        Outcome outcome =
                run(file("makes-an-adapter"), "--control-plane", choice.name().toLowerCase(Locale.ROOT));

        Path adapter = folder.resolve("state/claims/default/adapters/makes-an-adapter");
        assertThat(outcome.output())
                .containsPattern("NAME +MODEL +PHASE +STEP +LOSS +TOK/S +ETA +AGE\n")
                .containsPattern("makes-an-adapter +sample/model +Succeeded +3/3 +1.2500 +10 ")
                .contains(
                        "adapter   " + adapter + "\n",
                        "report    " + adapter.resolve("report.html") + "\n",
                        "before    雲の水滴が落ちるからです。\n",
                        "after     雲の中では何が起きていると思いますか？\n",
                        "questions: 0 of 1 before, 1 of 1 after");
        assertThat(outcome.status()).isZero();
    }

    @Test
    void failureEndsWithTheTrainersWordsAndStatus() throws IOException {
        Outcome outcome = run(file("fails-in-line-seven"), "--control-plane", "mock");

        assertThat(outcome.output())
                .contains("train.jsonl line 7 is not JSON")
                .containsPattern("log +.*/pods/.*/log\n");
        assertThat(outcome.status()).isEqualTo(65);
    }

    @Test
    void missingClaimEndsTheRunWithAHint() throws IOException {
        Path file = file("makes-an-adapter");
        Files.writeString(file, Files.readString(file).replace("pvc://sample/model", "pvc://elsewhere/model"));

        Outcome outcome = run(file, "--control-plane", "mock");

        assertThat(outcome.output())
                .contains("give one with --claim elsewhere=FOLDER", "PersistentVolumeClaimNotFound: spec.model.uri");
        assertThat(outcome.status()).isEqualTo(66);
    }

    @ParameterizedTest
    @CsvSource({"INT, 130, auto", "TERM, 143, mock", "KILL, 137, auto"})
    void signalEndsEverythingThatWasStartedAndTheNextRunEndsWhatAKillLeft(String signal, int status, String plane)
            throws Exception {
        // a shell starts background jobs with INT ignored, and a JVM that inherits that never hears it
        var command = new ProcessBuilder(
                        "env",
                        "--default-signal=INT",
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Dsocratic.home=" + repository,
                        "-cp",
                        System.getProperty("java.class.path"),
                        LocalMode.class.getName(),
                        "--keep",
                        "--control-plane=" + plane,
                        "--state",
                        folder.resolve("state").toString(),
                        file("holds-on").toString())
                .redirectErrorStream(true)
                .start();
        try (var output = new InputStreamReader(command.getInputStream(), StandardCharsets.UTF_8)) {
            awaitRunning(output);
            List<ProcessHandle> started = awaitTrainer(command.toHandle());

            new ProcessBuilder("kill", "-" + signal, "" + command.pid()).start().waitFor();

            assertThat(command.waitFor(SECONDS, TimeUnit.SECONDS)).isTrue();
            if (signal.equals("KILL")) {
                assertThat(started).anyMatch(ProcessHandle::isAlive);
                RunDirectory.take(folder.resolve("state")).close();
            }
            assertThat(started).isNotEmpty().noneMatch(ProcessHandle::isAlive);
            assertThat(command.exitValue()).isEqualTo(status);
        } finally {
            Stream.concat(command.descendants(), Stream.of(command.toHandle())).forEach(ProcessHandle::destroyForcibly);
        }
    }

    private static void awaitRunning(InputStreamReader output) throws IOException {
        var seen = new StringBuilder();
        for (int c = output.read(); c >= 0 && seen.indexOf("Running") < 0; c = output.read()) {
            seen.append((char) c);
        }
        assertThat(seen).contains("Running");
    }

    /** The view says Running when the process was started; its program may need a moment to set its trap. */
    private List<ProcessHandle> awaitTrainer(ProcessHandle command) throws IOException, InterruptedException {
        Path adapters = folder.resolve("state/claims/default/adapters");
        try (var watch = adapters.getFileSystem().newWatchService()) {
            adapters.register(watch, java.nio.file.StandardWatchEventKinds.ENTRY_CREATE);
            if (!Files.exists(adapters.resolve("pid"))) {
                assertThat(watch.poll(SECONDS, TimeUnit.SECONDS)).isNotNull();
            }
        }
        return command.descendants().toList();
    }

    private Path file(String name) throws IOException {
        return Files.writeString(folder.resolve("sample/finetune.yaml"), """
                apiVersion: socratic.dev/v1alpha1
                kind: SocraticFineTune
                metadata: {name: %s}
                spec:
                  model: {uri: pvc://sample/model}
                  dataset: {uri: pvc://sample/train.jsonl}
                  placement: {gpus: 0}
                  output: {uri: pvc://adapters/%s}
                """.formatted(name, name));
    }

    private Outcome run(Path file, String... options) {
        var output = new ByteArrayOutputStream();
        String[] arguments = Stream.concat(
                        Stream.of("--state", folder.resolve("state").toString(), file.toString()), Stream.of(options))
                .toArray(String[]::new);
        int status = LocalMode.run(repository, new PrintStream(output, true, StandardCharsets.UTF_8), arguments);
        return new Outcome(status, output.toString(StandardCharsets.UTF_8));
    }

    private record Outcome(int status, String output) {}
}
