package dev.socratic.cluster.gitops;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.socratic.cluster.Program;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the tools that keep a cluster at its files do with the resource, by every kubectl that is installed. */
@ParameterizedClass(name = "{0}")
@MethodSource("versions")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KubectlTest {
    private static final String TIMEOUT = "--timeout=60s";
    private static final String NONE = "no kubectl";

    @TempDir
    static Path folder;

    private static ClusterWithRuns cluster;

    /** The version, such as 1.34. */
    @Parameter
    String version;

    private Program kubectl;
    private Path files;

    static Stream<String> versions() {
        List<String> found = Kubectl.installed().stream()
                .map(KubectlTest::version)
                .distinct()
                .toList();
        return found.isEmpty() ? Stream.of(NONE) : found.stream();
    }

    private static String version(Program kubectl) {
        JsonNode version =
                json(kubectl.run("version", "--client", "-o", "json")).path("clientVersion");
        return "kubectl " + version.path("major").asText() + "."
                + version.path("minor").asText().replace("+", "");
    }

    @BeforeAll
    static void start() throws Exception {
        cluster = ClusterWithRuns.start(Files.createDirectories(folder.resolve("cluster")), Kubectl.any());
    }

    @AfterAll
    static void stop() {
        if (cluster != null) {
            cluster.close();
        }
    }

    /** A namespace of its own for each kubectl, with the claims that the files name. */
    @BeforeParameterizedClassInvocation
    void enterNamespace() throws IOException {
        String namespace = version.replaceAll("[^a-z0-9]", "-");
        files = Files.createDirectories(folder.resolve(namespace));
        Path kubeconfig = files.resolve("kubeconfig");
        Files.copy(cluster.kubeconfig(), kubeconfig);
        kubectl = Kubectl.installed().stream()
                .filter(program -> version(program).equals(version))
                .findFirst()
                .orElseThrow()
                .with(Map.of("KUBECONFIG", kubeconfig.toString()));
        kubectl.run("create", "namespace", namespace);
        kubectl.run("config", "set-context", "--current", "--namespace=" + namespace);
        for (String claim : List.of("models", "data", "adapters")) {
            kubectl.run("apply", "-f", write(claim + "-claim", """
                    apiVersion: v1
                    kind: PersistentVolumeClaim
                    metadata: {name: %s}
                    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
                    """.formatted(claim)));
        }
    }

    @ParameterizedTest(name = "{0} is {1} because of {2}")
    @CsvSource({
        "succeeds-again,  Succeeded, Succeeded",
        "fails-again,     Failed,    ModelNotFound",
        "blocked-again,   Pending,   ConfigMapNotFound",
        "holds-again,     Running,   Running",
        "suspended-again, Suspended, Suspended",
    })
    void applyingTheSameFileAgainChangesNothing(String name, String phase, String reason) {
        String file = fineTune(name);
        kubectl.run("apply", "-f", file);
        kubectl.run("wait", "sft/" + name, "--for=jsonpath={.status.conditions[0].reason}=" + reason, TIMEOUT);
        JsonNode reached = get(name);
        assertThat(reached.at("/status/phase").asText()).isEqualTo(phase);

        assertNoDiff(file);
        assertThat(kubectl.run("apply", "-f", file)).contains("unchanged");
        assertThat(get(name)).isEqualTo(reached);

        // another tool takes the file over, and comes back
        List<String> takeOver =
                List.of("apply", "--server-side", "--field-manager=gitops", "--force-conflicts", "-f", file);
        kubectl.run(takeOver.toArray(String[]::new));
        JsonNode shared = get(name);
        kubectl.run(takeOver.toArray(String[]::new));
        assertNoDiff(file);
        passALife("after-" + name);

        assertThat(get(name)).isEqualTo(shared);
        assertThat(shared.at("/metadata/generation")).isEqualTo(reached.at("/metadata/generation"));
        assertThat(shared.path("spec")).isEqualTo(reached.path("spec"));
        assertThat(shared.path("status")).isEqualTo(reached.path("status"));
        kubectl.run("delete", "sft", name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"gemma-2-2b-jpn-socratic.yaml", "quickstart/finetune.yaml"})
    void theSamplesAreAsTheyWereApplied(String sample) {
        String file = "deploy/samples/" + sample;
        kubectl.run("apply", "-f", file);
        kubectl.run("wait", "-f", file, "--for=condition=Stalled", TIMEOUT);
        assertNoDiff(file);
        kubectl.run("apply", "--server-side", "--field-manager=gitops", "--force-conflicts", "-f", file);
        assertNoDiff(file, "--server-side", "--field-manager=gitops");
        kubectl.run("delete", "-f", file);
    }

    @Test
    void waitTellsAPipelineHowItEnded() {
        kubectl.run("apply", "-f", fineTune("succeeds-waited"), "-f", fineTune("fails-waited"));
        for (String name : List.of("succeeds-waited", "fails-waited")) {
            kubectl.run("wait", "sft/" + name, "--for=condition=Reconciling=False", TIMEOUT);
        }
        kubectl.run("wait", "sft/succeeds-waited", "--for=condition=Ready", "--timeout=0");
        assertThat(kubectl.tryRun("wait", "sft/fails-waited", "--for=condition=Ready", "--timeout=0")
                        .exitCode())
                .isNotZero();
    }

    @Test
    void whatSomebodySuspendedByHandStaysSuspendedUnderAFileThatDoesNotSay() {
        String file = fineTune("holds-by-hand");
        kubectl.run("apply", "-f", file);
        kubectl.run("wait", "sft/holds-by-hand", "--for=jsonpath={.status.phase}=Running", TIMEOUT);

        edit("holds-by-hand", "s/suspend: false/suspend: true/");
        kubectl.run("wait", "sft/holds-by-hand", "--for=jsonpath={.status.phase}=Suspended", TIMEOUT);
        assertNoDiff(file);
        assertThat(kubectl.run("apply", "-f", file)).contains("unchanged");

        edit("holds-by-hand", "s/suspend: true/suspend: false/");
        kubectl.run("wait", "sft/holds-by-hand", "--for=jsonpath={.status.phase}=Running", TIMEOUT);
        kubectl.run("delete", "sft", "holds-by-hand");
    }

    @Test
    void describeTellsTheStory() {
        kubectl.run("apply", "-f", fineTune("succeeds-described"));
        kubectl.run("wait", "sft/succeeds-described", "--for=condition=Ready", TIMEOUT);
        String story = kubectl.run("describe", "sft", "succeeds-described");
        assertThat(story.substring(story.indexOf("Events:")))
                .contains("Created", "Started", "Checkpointed", "Succeeded", "19 of 20 after");
    }

    @Test
    void explainKnowsTheFields() {
        assertThat(kubectl.run("explain", "sft.spec.lora"))
                .contains("Rank of the adapter.", "enum: all, lora_only, none");
        assertThat(kubectl.run("explain", "socraticfinetune.status.conditions"))
                .contains("Ready, Reconciling or Stalled.");
    }

    /** When a later resource has come to its end, the operator has had its turn with all that was before. */
    private void passALife(String name) {
        kubectl.run("apply", "-f", fineTune(name));
        kubectl.run("wait", "sft/" + name, "--for=condition=Ready", TIMEOUT);
    }

    private void assertNoDiff(String file, String... flags) {
        List<String> arguments =
                Stream.concat(Stream.of("diff", "-f", file), Stream.of(flags)).toList();
        Program.Result diff = kubectl.tryRun(arguments.toArray(String[]::new));
        assertThat(diff.exitCode()).as(diff.output() + diff.errors()).isZero();
    }

    private void edit(String name, String script) {
        kubectl.with(Map.of(
                        "KUBECONFIG", files.resolve("kubeconfig").toString(), "KUBE_EDITOR", "sed -i '" + script + "'"))
                .run("edit", "sft", name);
    }

    private JsonNode get(String name) {
        return json(kubectl.run("get", "sft", name, "-o", "json", "--show-managed-fields"));
    }

    private static JsonNode json(String text) {
        return Serialization.unmarshal(text, JsonNode.class);
    }

    private String fineTune(String name) {
        return write(name, """
                apiVersion: socratic.dev/v1alpha1
                kind: SocraticFineTune
                metadata:
                  name: %s
                spec:
                  model: {uri: pvc://models/gemma}
                  dataset: {uri: "%s"}
                  training: {learningRate: 2e-4, maxGradNorm: 1}
                  placement: {gpus: 0, maxMemory: {cpu: 4Gi}}
                  output: {uri: pvc://adapters/%s}
                %s""".formatted(
                        name,
                        name.startsWith("blocked-") ? "configmap://nowhere/train.jsonl" : "pvc://data/train.jsonl",
                        name,
                        name.startsWith("suspended-") ? "  suspend: true\n" : ""));
    }

    private String write(String name, String yaml) {
        try {
            return Files.writeString(files.resolve(name + ".yaml"), yaml).toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
