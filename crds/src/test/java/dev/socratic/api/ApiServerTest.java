package dev.socratic.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.api.v1alpha1.status.SocraticFineTuneStatus;
import dev.socratic.api.yaml.ResourceFile;
import io.fabric8.kubeapitest.KubeAPIServer;
import io.fabric8.kubeapitest.KubeAPIServerConfigBuilder;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.FieldValidateable;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The CRD in a real kube-apiserver, where fabric8's kube-api-test finds one on this machine. */
class ApiServerTest {
    private static KubeAPIServer server;
    private static KubernetesClient client;

    @BeforeAll
    static void start() throws IOException {
        Optional<String> version = installedVersion();
        assumeTrue(version.isPresent(), "no kube-apiserver under ~/.kubeapitest/k8s: the CEL rules are not tried here");
        server = new KubeAPIServer(KubeAPIServerConfigBuilder.anAPIServerConfig()
                .withOfflineMode(true)
                .withApiServerVersion(version.get())
                .build());
        server.start();
        client = new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(server.getKubeConfigYaml()))
                .build();
        var crd = client.apiextensions()
                .v1()
                .customResourceDefinitions()
                .load(Files.newInputStream(CrdFile.COMMITTED))
                .create();
        client.resource(crd)
                .waitUntilCondition(
                        found -> Optional.ofNullable(found.getStatus().getConditions()).stream()
                                .flatMap(List::stream)
                                .anyMatch(condition -> condition.getType().equals("Established")
                                        && condition.getStatus().equals("True")),
                        30,
                        TimeUnit.SECONDS);
    }

    @AfterAll
    static void stop() {
        if (client != null) {
            client.close();
        }
        if (server != null) {
            server.stop();
        }
    }

    @ParameterizedTest
    @MethodSource("dev.socratic.api.BadFile#all")
    void refusesNamingFieldValueAndWhatIsAllowed(BadFile file) {
        KubernetesClientException refusal = refusal(file.text());
        assertThat(refusal).as(file.text()).isNotNull();
        String field = file.field().replaceAll("[.]\\w+$", "");
        assertThat(refusal.getMessage()).contains(field).contains(file.inCluster());
    }

    @Test
    void refusesFilesOfSomebodysMachine() {
        assertThat(refusal(BadFile.goodText().replace("pvc://", "file://")))
                .hasMessageContaining("spec.output.uri")
                .hasMessageContaining("file://adapters/socratic-ja")
                .hasMessageContaining("works on the command line only");
    }

    @Test
    void refusesAResourceWithoutSpec() {
        String headOnly = BadFile.goodText().replaceAll("(?s)\nspec:.*", "\n");
        assertThat(refusal(headOnly)).hasMessageContaining("spec: Required value");
    }

    @Test
    void takesTheSample() throws IOException {
        String sample = Files.readString(Path.of("../deploy/samples/gemma-2-2b-jpn-socratic.yaml"));
        assertThat(create(sample).getMetadata().getUid()).isNotEmpty();
        assertThat(ResourceFile.parse("sample", sample).getSpec().placement().maxMemory())
                .hasSize(3);
    }

    @Test
    void appliesTheDefaultsThatTheReaderApplies() {
        GenericKubernetesResource created = create(BadFile.goodText());
        SocraticFineTune stored = client.resources(SocraticFineTune.class)
                .inNamespace("default")
                .withName(created.getMetadata().getName())
                .get();
        assertThat(stored.getSpec())
                .isEqualTo(ResourceFile.parse("good.yaml", BadFile.goodText()).getSpec());
        assertThat(stored.getStatus().observedGeneration()).isEqualTo(SocraticFineTuneStatus.NOT_OBSERVED);
    }

    private static KubernetesClientException refusal(String yaml) {
        return catchThrowableOfType(KubernetesClientException.class, () -> create(yaml));
    }

    private static GenericKubernetesResource create(String yaml) {
        return client.resource(Serialization.unmarshal(yaml, GenericKubernetesResource.class))
                .inNamespace("default")
                .fieldValidation(FieldValidateable.Validation.STRICT)
                .create();
    }

    private static Optional<String> installedVersion() throws IOException {
        Path installed = Path.of(System.getProperty("user.home"), ".kubeapitest", "k8s");
        if (!Files.isDirectory(installed)) {
            return Optional.empty();
        }
        try (Stream<Path> versions = Files.list(installed)) {
            return versions.filter(folder -> Files.isExecutable(folder.resolve("kube-apiserver")))
                    .map(folder -> folder.getFileName().toString().replaceAll("-.*", ""))
                    .findFirst();
        }
    }
}
