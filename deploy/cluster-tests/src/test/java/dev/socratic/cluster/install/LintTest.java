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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nothing for a linter to complain of, in the chart's renderings and in the overlays. */
class LintTest {
    private static final String[] REPLICATED = {"--set", "replicas=2,watchNamespaces={team-a}"};

    @Test
    void kubeLinterFindsNothing(@TempDir Path folder) throws IOException {
        Program linter = Program.named("kube-linter");
        for (Map.Entry<String, Map<String, ObjectNode>> rendering : renderings().entrySet()) {
            Path file = folder.resolve(rendering.getKey() + ".yaml");
            linter.run(
                    "lint",
                    Files.writeString(file, Manifests.write(rendering.getValue()))
                            .toString());
        }
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
