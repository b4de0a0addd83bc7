package dev.socratic.cluster.install;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.socratic.cluster.Manifests;
import dev.socratic.cluster.Program;
import dev.socratic.operator.Golden;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the kustomizations apply is what the chart applies. */
class KustomizeTest {
    private static final Path FOLDER = Program.ROOT.resolve("deploy/kustomize");
    private static final String NOTE =
            "# The chart's rendering; KustomizeTest with -Dgolden.write=true writes it anew.\n";
    private static final String CRD = "CustomResourceDefinition socraticfinetunes.socratic.dev";

    /** 1.0 and 1 are the same. */
    private static final Comparator<JsonNode> NUMBERS = (one, other) -> one.isNumber() && other.isNumber()
            ? one.decimalValue().compareTo(other.decimalValue())
            : one.equals(other) ? 0 : 1;

    private static final List<String> OF_HELM = List.of("helm.sh/chart", "app.kubernetes.io/managed-by");

    @Test
    void baseIsTheChartsDefault() throws IOException {
        Map<String, ObjectNode> objects = rendered();
        objects.remove(CRD);
        Golden.check(FOLDER.resolve("base/operator.yaml"), NOTE + Manifests.write(objects));
        assertSame(kustomized("base"), rendered());
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({"cluster-wide, replicas=1", "namespaced, watchNamespaces={team-a}", "ha, replicas=2"})
    void overlayIsTheChartWith(String overlay, String values) throws IOException {
        Map<String, ObjectNode> additions = rendered("--set", values);
        additions.keySet().removeAll(rendered().keySet());
        if (!additions.isEmpty()) {
            Golden.check(
                    FOLDER.resolve("overlays").resolve(overlay).resolve("additions.yaml"),
                    NOTE + Manifests.write(additions));
        }
        assertSame(kustomized("overlays/" + overlay), rendered("--set", values));
    }

    @Test
    void monitoringIsWhatTheChartAdds() throws IOException {
        Map<String, ObjectNode> additions = rendered(Chart.MONITORED);
        additions.keySet().removeAll(rendered().keySet());
        Path folder = Program.ROOT.resolve("deploy/monitoring");
        Golden.check(folder.resolve("monitoring.yaml"), NOTE + Manifests.write(additions));
        assertSame(Manifests.parse(Program.named("kubectl").run("kustomize", folder.toString())), additions);
    }

    private static void assertSame(Map<String, ObjectNode> actual, Map<String, ObjectNode> expected) {
        assertThat(actual).containsOnlyKeys(expected.keySet());
        expected.forEach((name, object) -> assertThat(object.equals(NUMBERS, actual.get(name)))
                .as("%s%nis%n%sbut should be%n%s", name, Manifests.write(actual.get(name)), Manifests.write(object))
                .isTrue());
    }

    private static Map<String, ObjectNode> kustomized(String folder) {
        Map<String, ObjectNode> objects = new TreeMap<>(Manifests.parse(
                Program.named("kubectl").run("kustomize", FOLDER.resolve(folder).toString())));
        assertThat(objects.remove("Namespace " + Chart.NAMESPACE)).isNotNull();
        return objects;
    }

    /** The chart's objects without what only Helm reads. */
    private static Map<String, ObjectNode> rendered(String... values) {
        Map<String, ObjectNode> objects = new TreeMap<>(Chart.render(values));
        objects.values().forEach(object -> {
            object.withObject("/metadata/labels").remove(OF_HELM);
            if (object.path("kind").asText().equals("Deployment")) {
                object.withObject("/spec/template/metadata/labels").remove(OF_HELM);
            }
        });
        objects.get(CRD).withObject("/metadata").remove(List.of("labels", "annotations"));
        return objects;
    }
}
