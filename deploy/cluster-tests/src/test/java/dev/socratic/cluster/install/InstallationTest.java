package dev.socratic.cluster.install;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.socratic.cluster.ApiServer;
import dev.socratic.cluster.Manifests;
import dev.socratic.operator.Resources;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The chart on a real API server, by Helm. */
class InstallationTest {
    @TempDir
    private static Path folder;

    private static ApiServer server;

    @BeforeAll
    static void start() {
        server = ApiServer.start(folder);
        server.createRestrictedNamespace(Chart.NAMESPACE);
        server.createRestrictedNamespace("team-a");
    }

    @AfterAll
    static void stop() {
        if (server != null) {
            server.close();
        }
    }

    @Test
    void crdAndResourcesOutliveUpgradeRollbackAndUninstall(@TempDir Path next) throws IOException {
        Resource<CustomResourceDefinition> crd =
                server.admin().resources(CustomResourceDefinition.class).withName("socraticfinetunes.socratic.dev");
        Chart.install(server);
        awaitServed(crd);
        server.admin().resource(Resources.onTheCpu()).create();

        Chart.install(server, changedChart(next));
        assertThat(shortNames(crd)).containsExactly("sft", "tune");
        helm("rollback", Chart.RELEASE, "1");
        assertThat(shortNames(crd)).containsExactly("sft");
        helm("uninstall", Chart.RELEASE);
        assertThat(operators()).isEmpty();
        assertThat(shortNames(crd)).containsExactly("sft");
        assertThat(server.admin().resource(Resources.onTheCpu()).get()).isNotNull();

        Chart.install(server);
        assertThat(operators()).hasSize(1);
        helm("uninstall", Chart.RELEASE);
    }

    @Test
    void podsOfTheChartMeetTheRestrictedStandard() {
        JsonNode test = Manifests.parse(Chart.tryRender("--show-only", "templates/tests/ready.yaml")
                        .output())
                .get("Pod " + Chart.NAMESPACE + "/socratic-operator-test");
        assertThatThrownBy(() ->
                        createPod("plain", test.withObject("/spec").deepCopy().without("securityContext")))
                .isInstanceOf(KubernetesClientException.class)
                .hasMessageContaining("violates PodSecurity \"restricted");
        createPod("test", test.path("spec"));
        createPod("operator", Chart.render().get(Chart.OPERATOR).at("/spec/template/spec"));
    }

    @ParameterizedTest(name = "kubectl apply -k {0}")
    @ValueSource(strings = {"base", "overlays/cluster-wide", "overlays/namespaced", "overlays/ha"})
    void kustomizationsAreAccepted(String folder) {
        server.administrator("kubectl")
                .run(
                        "apply",
                        "--server-side",
                        "--force-conflicts",
                        "--dry-run=server",
                        "-k",
                        "deploy/kustomize/" + folder);
    }

    private static void createPod(String name, JsonNode spec) {
        server.admin()
                .resource(new PodBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .withNamespace(Chart.NAMESPACE)
                        .endMetadata()
                        .withSpec(Serialization.unmarshal(spec.toString(), PodSpec.class))
                        .build())
                .create();
    }

    /** The next version of the chart, whose CRD has one more short name. */
    private static Path changedChart(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(Chart.FOLDER)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path copy = folder.resolve(Chart.FOLDER.relativize(file).toString());
                Files.createDirectories(copy.getParent());
                Files.writeString(copy, Files.readString(file).replace("    - sft\n", "    - sft\n    - tune\n"));
            }
        }
        return folder;
    }

    private static List<String> shortNames(Resource<CustomResourceDefinition> crd) {
        return crd.get().getSpec().getNames().getShortNames();
    }

    private static List<Deployment> operators() {
        return server.admin()
                .apps()
                .deployments()
                .inNamespace(Chart.NAMESPACE)
                .list()
                .getItems();
    }

    private static void awaitServed(Resource<CustomResourceDefinition> crd) {
        crd.waitUntilCondition(
                there -> there != null
                        && there.getStatus() != null
                        && there.getStatus().getConditions().stream()
                                .anyMatch(condition -> "Established".equals(condition.getType())
                                        && "True".equals(condition.getStatus())),
                30,
                TimeUnit.SECONDS);
    }

    private static void helm(String... arguments) {
        String[] command = Stream.concat(Stream.of(arguments), Stream.of("--namespace", Chart.NAMESPACE))
                .toArray(String[]::new);
        server.administrator("helm").run(command);
    }
}
