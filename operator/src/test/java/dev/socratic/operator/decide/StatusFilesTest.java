package dev.socratic.operator.decide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.api.v1alpha1.status.Phase;
import dev.socratic.api.v1alpha1.status.SocraticFineTuneStatus;
import dev.socratic.operator.Golden;
import dev.socratic.operator.observe.MissingReference.Kind;
import dev.socratic.operator.observe.QueueHold;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** deploy/gitops/statuses holds what health checks meet: the operator's own decisions, as resources. */
class StatusFilesTest {
    private static final Path FOLDER = Path.of("../deploy/gitops/statuses");
    private static final String STEP_120 = """
            {"phase":"Training","message":"Training","step":120,"totalSteps":300,"epoch":1.2,"loss":1.41274,
             "learningRate":1.6e-4,"gradNorm":0.83,"tokensPerSecond":4210.4,"etaSeconds":190,
             "updatedAt":"2026-01-01T01:00:05Z","modelRevision":"abc123",
             "checkpoint":{"step":100,"uri":"checkpoints/step-100"}}""";
    private static final String LAST_WORDS = """
            {"phase":"Succeeded","message":"questions: 0 of 20 before, 19 of 20 after","step":300,"totalSteps":300,
             "loss":1.2,"tokensPerSecond":4000.0,"etaSeconds":0,"updatedAt":"2026-01-01T00:50:00Z",
             "adapter":{"uri":"pvc://adapters/socratic-ja","sha256":"0f","sizeBytes":25},
             "report":"pvc://adapters/socratic-ja/report.html","exitCode":0}""";
    private static final String NO_SUCH_MODEL = """
            {"phase":"Failed","reason":"ModelNotFound","message":"pvc://models/gemma has no config.json"}""";

    @ParameterizedTest(name = "{0}")
    @MethodSource("decided")
    void isWhatTheOperatorDecides(String name, Scene scene) throws IOException {
        check(name, scene.decided());
    }

    @Test
    void notSeenIsWhatTheApiServerFillsIn() throws IOException {
        check(
                "not-seen",
                Scene.of()
                        .with(Serialization.unmarshal(
                                "{\"observedGeneration\":-1,\"phase\":\"Pending\"}", SocraticFineTuneStatus.class)));
    }

    @Test
    void editedKeepsTheStatusOfBefore() throws IOException {
        Scene scene = Scene.was(Phase.RUNNING, "Training").podEnded(0, "Completed", LAST_WORDS);
        scene.decided();
        check("edited-not-seen", scene.edit("r: 16", "r: 8").resource());
    }

    @Test
    void everyPhaseAndHealthThatIsDecidedHasAFile() throws IOException {
        assertThat(decided().map(row -> health((Scene) row.get()[1])).collect(Collectors.toSet()))
                .containsAll(Stream.of(
                                DecideTest.starts(),
                                DecideTest.blocked(),
                                DecideTest.limited(),
                                DecideTest.runs(),
                                DecideTest.ends(),
                                DecideTest.heldBack(),
                                DecideTest.replaced())
                        .flatMap(rows -> rows)
                        .map(row -> health((Scene) row.get()[1]))
                        .collect(Collectors.toSet()));
        try (Stream<Path> files = Files.list(FOLDER)) {
            assertThat(files.filter(file -> file.toString().endsWith(".yaml")))
                    .as("every file is of this test")
                    .hasSize((int) decided().count() + 2);
        }
    }

    static Stream<Arguments> decided() {
        return Stream.of(
                arguments("pending", Scene.of().job("")),
                arguments(
                        "pending-unschedulable",
                        Scene.was(Phase.PENDING, "Starting").podUnschedulable()),
                arguments(
                        "pending-retrying", Scene.was(Phase.RUNNING, "Training").podEnded(75, "Error", "no network")),
                arguments(
                        "pending-superseded",
                        Scene.was(Phase.SUCCEEDED, "Succeeded").noJob().edit("r: 16", "r: 8")),
                arguments(
                        "blocked-secret",
                        Scene.was(Phase.PENDING, "Starting")
                                .podWaits("CreateContainerConfigError", "secret \"huggingface\" not found")),
                arguments(
                        "blocked-configmap",
                        Scene.was(Phase.PENDING, "Starting")
                                .podWaits("ContainerCreating", null)
                                .missing(Kind.CONFIG_MAP, "dialogues", "spec.dataset.uri", null)),
                arguments("queued", Scene.of().inQueue()),
                arguments(
                        "blocked-queue",
                        Scene.was(Phase.QUEUED, "Queued")
                                .inQueue()
                                .kueueHolds(QueueHold.Cause.NO_QUEUE, "LocalQueue gpus doesn't exist")),
                arguments(
                        "running-started", Scene.was(Phase.PENDING, "Starting").podRuns()),
                arguments(
                        "running-training",
                        Scene.was(Phase.RUNNING, "Training")
                                .podRuns()
                                .at("2026-01-01T01:00:05Z")
                                .trainerSays(STEP_120)),
                arguments("suspended-before-start", Scene.of().suspend()),
                arguments(
                        "suspended-stopping",
                        Scene.was(Phase.RUNNING, "Training").podRuns().suspend()),
                arguments(
                        "suspended",
                        Scene.was(Phase.SUSPENDED, "Suspended")
                                .jobSuspended()
                                .checkpointKnown(100)
                                .suspend()),
                arguments("succeeded", Scene.was(Phase.RUNNING, "Training").podEnded(0, "Completed", LAST_WORDS)),
                arguments("failed-model", Scene.was(Phase.RUNNING, "Loading").podEnded(66, "Error", NO_SUCH_MODEL)),
                arguments(
                        "failed-attempts",
                        Scene.was(Phase.RUNNING, "Training")
                                .job("Failed=BackoffLimitExceeded")
                                .podEnded(75, "Error", "no network")));
    }

    private static String health(Scene scene) {
        SocraticFineTuneStatus status = scene.decide().status();
        if (status == null) {
            return Phase.PENDING + " Reconciling";
        }
        return status.phase()
                + status.conditions().stream()
                        .filter(condition -> "True".equals(condition.getStatus()))
                        .map(condition -> " " + condition.getType())
                        .collect(Collectors.joining());
    }

    private static void check(String name, SocraticFineTune resource) throws IOException {
        Golden.check(FOLDER.resolve(name + ".yaml"), Serialization.asYaml(resource));
    }
}
