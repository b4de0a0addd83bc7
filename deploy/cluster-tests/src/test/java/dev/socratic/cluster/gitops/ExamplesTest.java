package dev.socratic.cluster.gitops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.socratic.cluster.Program;
import dev.socratic.local.controlplane.ControlPlane;
import dev.socratic.local.controlplane.ControlPlanes;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples pass the CRDs that Argo CD and Flux publish, unknown fields refused. */
class ExamplesTest {
    private static final String ARGO_CD = "github.com/argoproj/argo-cd/v3@v3.4.0";
    private static final String FLUX_SOURCES = "github.com/fluxcd/source-controller@v1.9.0";
    private static final String FLUX_KUSTOMIZATIONS = "github.com/fluxcd/kustomize-controller@v1.9.0";

    @TempDir
    Path folder;

    @Test
    void areWhatTheirToolsTake() throws Exception {
        Path argo = module(ARGO_CD).resolve("manifests/crds/application-crd.yaml");
        Path sources = module(FLUX_SOURCES).resolve("config/crd/bases/source.toolkit.fluxcd.io_gitrepositories.yaml");
        Path kustomizations =
                module(FLUX_KUSTOMIZATIONS).resolve("config/crd/bases/kustomize.toolkit.fluxcd.io_kustomizations.yaml");
        assumeTrue(ControlPlanes.realIsInstalled(), "etcd and kube-apiserver are not on this machine");
        try (ControlPlane plane = ControlPlanes.start(ControlPlanes.Choice.REAL, folder, line -> {})) {
            Path kubeconfig = Files.writeString(folder.resolve("kubeconfig"), plane.kubeconfig());
            Program kubectl = Kubectl.any().with(Map.of("KUBECONFIG", kubeconfig.toString()));
            for (Path crd : new Path[] {argo, sources, kustomizations}) {
                kubectl.run("apply", "--server-side", "-f", crd.toString());
            }
            kubectl.run("wait", "crd", "--all", "--for=condition=Established", "--timeout=30s");
            kubectl.run("create", "namespace", "argocd");
            kubectl.run("create", "namespace", "flux-system");
            kubectl.run("create", "configmap", "argocd-cm", "-n", "argocd");

            kubectl.run("create", "--validate=strict", "-f", "deploy/gitops/argocd/application.yaml");
            kubectl.run("create", "--validate=strict", "-f", "deploy/gitops/flux/fine-tunes.yaml");
            kubectl.run(
                    "patch",
                    "configmap",
                    "argocd-cm",
                    "-n",
                    "argocd",
                    "--patch-file",
                    "deploy/gitops/argocd/argocd-cm.yaml");
            assertThat(kubectl.run("get", "configmap", "argocd-cm", "-n", "argocd", "-o", "yaml"))
                    .contains("resource.customizations.health.socratic.dev_SocraticFineTune");
        }
    }

    /** Folder of a Go module, downloaded where it is not there yet. */
    private static Path module(String name) {
        String answer = Program.named("go").run("mod", "download", "-json", name);
        return Path.of(
                Serialization.unmarshal(answer, JsonNode.class).path("Dir").asText());
    }
}
