package dev.socratic.cluster.life;

import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.cluster.Program;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/**
 * The operator as users install it, by Helm, in the cluster that {@code SOCRATIC_TEST_KUBECONFIG} names; once for all
 * tests. The cluster has the images of this commit, and its nodes are this machine.
 */
final class Installation implements BeforeAllCallback, TestExecutionExceptionHandler {
    static final String OPERATOR_NAMESPACE = "socratic-system";
    static final String RELEASE = "socratic";

    /** Where resources live: the strictest of Kubernetes' pod security standards holds there. */
    static final String NAMESPACE = "tutors";

    private static final String KUBECONFIG = "SOCRATIC_TEST_KUBECONFIG";
    private Installed installed;

    /** A cluster with the operator in it. */
    record Installed(KubernetesClient client, Program kubectl, Program helm, SharedFolders folders)
            implements AutoCloseable {
        @Override
        public void close() throws IOException {
            client.namespaces().withName(NAMESPACE).delete();
            client.namespaces().withName(NAMESPACE).waitUntilCondition(gone -> gone == null, 2, TimeUnit.MINUTES);
            helm.run("uninstall", RELEASE, "--namespace", OPERATOR_NAMESPACE, "--wait");
            folders.close();
            client.close();
        }
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        String kubeconfig = System.getenv(KUBECONFIG);
        assumeTrue(kubeconfig != null, "needs a cluster that $" + KUBECONFIG + " names (.ci/cluster.sh has one)");
        installed = context.getRoot()
                .getStore(ExtensionContext.Namespace.GLOBAL)
                .getOrComputeIfAbsent(Installed.class, key -> install(Path.of(kubeconfig)), Installed.class);
    }

    /** A test that fails tells what there was, and leaves nothing of it to the next; what runs beside it fails too. */
    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable failure) {
        String story = story().tell();
        client().resources(SocraticFineTune.class).inNamespace(NAMESPACE).delete();
        throw new AssertionError(failure.getMessage() + "\n" + story, failure);
    }

    Story story() {
        return new Story(client());
    }

    KubernetesClient client() {
        return installed.client;
    }

    /** kubectl with the cluster's administrator, in {@link #NAMESPACE}. */
    Program kubectl() {
        return installed.kubectl;
    }

    Program helm() {
        return installed.helm;
    }

    SharedFolders folders() {
        return installed.folders;
    }

    ClusterParts parts() {
        return ClusterParts.besideKubeconfig(Path.of(System.getenv(KUBECONFIG)));
    }

    /** Waits until the API server answers again. */
    void awaitApiServer() {
        assertTimeoutPreemptively(Duration.ofMinutes(1), () -> {
            while (kubectl().tryRun("get", "--raw", "/readyz").exitCode() != 0) {
                Thread.onSpinWait();
            }
        });
    }

    FineTune fineTune(String name) {
        return new FineTune(client(), name);
    }

    private static Installed install(Path kubeconfig) {
        Map<String, String> environment = Map.of("KUBECONFIG", kubeconfig.toString());
        Program helm = Program.named("helm").with(environment);
        Program kubectl = Program.named("kubectl").with(environment);
        KubernetesClient client = new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(kubeconfig.toFile()))
                .build();
        client.resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(NAMESPACE)
                        .addToLabels("pod-security.kubernetes.io/enforce", "restricted")
                        .endMetadata()
                        .build())
                .create();
        SharedFolders folders = SharedFolders.claimed(client, NAMESPACE, List.of("quickstart", "adapters"));
        helm.run(
                "upgrade",
                "--install",
                RELEASE,
                "deploy/helm/socratic",
                "--namespace",
                OPERATOR_NAMESPACE,
                "--create-namespace",
                "--wait",
                "--timeout",
                "2m",
                "--set",
                "replicas=2",
                "--set",
                "settings.trainerImageCuda=socratic/trainer:0.1.0-cpu",
                "--set",
                "settings.trainerMemoryRequest=512Mi",
                "--set",
                "settings.trainerCpuRequest=100m",
                "--set",
                "settings.checkpointsSize=1Gi",
                "--set",
                "settings.progressPollInterval=500ms",
                "--set",
                "settings.progressWriteInterval=1s");
        return new Installed(client, kubectl, helm, folders);
    }
}
