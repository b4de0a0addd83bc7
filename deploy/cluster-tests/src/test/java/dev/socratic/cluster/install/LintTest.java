package dev.socratic.cluster.install;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.socratic.cluster.Manifests;
import dev.socratic.cluster.Program;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Nothing for a linter to complain of, in the chart's renderings and in the overlays. */
class LintTest {
    private static final String[] REPLICATED = {"--set", "replicas=2,watchNamespaces={team-a}"};

    /** Where kube-linter is: .ci/tools.sh says when its module cannot be had. */
    @TestFactory
    Stream<DynamicTest> kubeLinterFindsNothing(@TempDir Path folder) {
        return Program.find("kube-linter").stream()
                .flatMap(found -> renderings().entrySet().stream())
                .map(rendering -> DynamicTest.dynamicTest(
                        rendering.getKey(),
                        () -> Program.named("kube-linter")
                                .run("lint", write(folder, rendering.getKey(), rendering.getValue()))));
    }

    /** What kube-linter asks of a pod and pod security does not, for machines without the former. */
    @Test
    void podsStateWhatTheyNeedAndHowTheyAre() {
        renderings().forEach((name, objects) -> {
            JsonNode deployment = objects.get(Chart.OPERATOR);
            JsonNode pod = deployment.at("/spec/template/spec");
            JsonNode container = pod.at("/containers/0");
            assertThat(container.path("image").asText()).as(name).matches(".+:[0-9].*|.+@sha256:.+");
            for (String needed : new String[] {
                "/resources/requests/cpu",
                "/resources/requests/memory",
                "/resources/limits/memory",
                "/livenessProbe/httpGet/port",
                "/readinessProbe/httpGet/port",
                "/securityContext/readOnlyRootFilesystem"
            }) {
                assertThat(container.at(needed).isMissingNode())
                        .as("%s: %s", name, needed)
                        .isFalse();
            }
            if (deployment.at("/spec/replicas").asInt() > 1) {
                assertThat(pod.at("/affinity/podAntiAffinity")).as(name).isNotEmpty();
            }
            assertThat(pod.toString()).as(name).doesNotContain("hostPath");
            assertThat(objects.values())
                    .as(name)
                    .noneMatch(object -> object.path("rules").toString().contains("\"*\""));
        });
    }

    private static String write(Path folder, String name, Map<String, ObjectNode> objects) throws IOException {
        return Files.writeString(folder.resolve(name + ".yaml"), Manifests.write(objects))
                .toString();
    }

    private static Map<String, Map<String, ObjectNode>> renderings() {
        Map<String, Map<String, ObjectNode>> renderings = new TreeMap<>();
        renderings.put("chart", Chart.render());
        renderings.put("chart-replicated", Chart.render(REPLICATED));
        renderings.put("chart-monitored", Chart.render(Chart.MONITORED));
        for (String overlay : new String[] {"cluster-wide", "namespaced", "ha"}) {
            renderings.put(
                    "overlay-" + overlay,
                    Manifests.parse(Program.named("kubectl").run("kustomize", "deploy/kustomize/overlays/" + overlay)));
        }
        return renderings;
    }
}
