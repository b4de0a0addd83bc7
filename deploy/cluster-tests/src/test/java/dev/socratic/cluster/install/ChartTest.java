package dev.socratic.cluster.install;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.socratic.cluster.Manifests;
import dev.socratic.cluster.Program;
import dev.socratic.cluster.Program.Result;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChartTest {
    @Test
    void lintFindsNothing() {
        assertThat(Program.named("helm").run("lint", "--strict", Chart.FOLDER.toString()))
                .contains("0 chart(s) failed")
                .doesNotContain("WARNING", "ERROR");
    }

    @ParameterizedTest(name = "crds.keep={0}")
    @CsvSource({"true, keep", "false, ''"})
    void crdIsTheGeneratedOneAndItsEndIsChosen(String keep, String policy) {
        JsonNode crd = Chart.render("--set", "crds.keep=" + keep)
                .get("CustomResourceDefinition socraticfinetunes.socratic.dev");
        JsonNode generated = Manifests.readTree(Program.ROOT.resolve("crds/socraticfinetunes.socratic.dev-v1.yml"));
        assertThat(crd.path("spec")).isEqualTo(generated.path("spec"));
        assertThat(crd.path("metadata")
                        .path("annotations")
                        .path("helm.sh/resource-policy")
                        .asText())
                .isEqualTo(policy);
        assertThat(Chart.render("--set", "crds.install=false"))
                .doesNotContainKey("CustomResourceDefinition socraticfinetunes.socratic.dev");
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', textBlock = """
                    replicas=two                         | at '/replicas': got string, want integer
                    replica=2                            | additional properties 'replica' not allowed
                    image.tag=a b                        | at '/image/tag': 'a b' does not match pattern
                    image.digest=sha256:1                | at '/image/digest': 'sha256:1' does not match pattern
                    watchNamespaces={Team}               | at '/watchNamespaces/0': 'Team' does not match pattern
                    settings.progressTimeout=1           | at '/settings/progressTimeout': got number, want string
                    settings.progressTimeout=1d          | at '/settings/progressTimeout': '1d' does not match pattern
                    settings.checkpointsSize=10GB        | at '/settings/checkpointsSize': '10GB' does not match pattern
                    settings.httpPort=0                  | at '/settings/httpPort': minimum: got 0, want 1
                    settings.http=80                     | at '/settings': additional properties 'http' not allowed
                    extraEnv[0].name=SOCRATIC_HTTP_PORT  | at '/extraEnv/0/name': 'not' failed
                    networkPolicy.trainer.to=all         | additional properties 'to' not allowed
                    """)
    void schemaRefuses(String value, String message) {
        Result result = Chart.tryRender("--set", value);
        assertThat(result.exitCode()).isNotZero();
        assertThat(result.errors()).contains(message);
    }
}
