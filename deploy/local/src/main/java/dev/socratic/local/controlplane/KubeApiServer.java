package dev.socratic.local.controlplane;

import io.fabric8.kubeapitest.KubeAPIServer;
import io.fabric8.kubeapitest.KubeAPIServerConfigBuilder;
import io.fabric8.kubeapitest.binary.OSInfo;
import io.fabric8.kubernetes.api.model.BindingBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** etcd and kube-apiserver as child processes on free ports of 127.0.0.1. */
final class KubeApiServer implements ControlPlane {
    private static final String VERSION = "local";

    private final KubeAPIServer server;
    private final Path link;
    private final String version;

    private KubeApiServer(KubeAPIServer server, Path link, String version) {
        this.server = server;
        this.link = link;
        this.version = version;
    }

    /**
     * @param binaries folder with etcd, kube-apiserver and kubectl
     * @param folder where the server's certificates lie
     */
    static KubeApiServer start(Path binaries, Path folder) {
        Path link = link(binaries, folder);
        var config = KubeAPIServerConfigBuilder.anAPIServerConfig()
                .withTestDir(folder.toString())
                .withApiServerVersion(VERSION)
                .withOfflineMode(true)
                .withUpdateKubeConfig(false)
                .withWaitForEtcdHealthCheckOnStartup(true)
                .build();
        var server = new KubeAPIServer(config);
        try {
            server.start();
            Config access = Config.fromKubeconfig(server.getKubeConfigYaml());
            try (var client = new KubernetesClientBuilder()
                    .withHttpClientFactory(new JdkHttpClientFactory())
                    .withConfig(access)
                    .build()) {
                return new KubeApiServer(
                        server, link, client.getKubernetesVersion().getGitVersion());
            }
        } catch (RuntimeException e) {
            server.stop();
            throw e;
        }
    }

    /** fabric8 looks for binaries and certificates in one folder; ours has the first linked in. */
    private static Path link(Path binaries, Path folder) {
        var os = new OSInfo();
        Path target = folder.resolve("k8s").resolve(VERSION + "-" + os.getOSName() + "-" + os.getOSArch());
        try {
            Files.createDirectories(target.getParent());
            Files.deleteIfExists(target);
            return Files.createSymbolicLink(target, binaries.toAbsolutePath());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public Kind kind() {
        return Kind.REAL;
    }

    @Override
    public String description() {
        return "etcd and kube-apiserver " + version;
    }

    @Override
    public String kubeconfig() {
        return server.getKubeConfigYaml();
    }

    @Override
    public KubernetesClient newClient() {
        return new KubernetesClientBuilder()
                .withHttpClientFactory(new JdkHttpClientFactory())
                .withConfig(Config.fromKubeconfig(kubeconfig()))
                .build();
    }

    @Override
    public void bind(KubernetesClient client, Pod pod, String node) {
        var binding = new BindingBuilder()
                .withNewMetadata()
                .withName(pod.getMetadata().getName())
                .withNamespace(pod.getMetadata().getNamespace())
                .endMetadata()
                .withNewTarget()
                .withApiVersion("v1")
                .withKind("Node")
                .withName(node)
                .endTarget()
                .build();
        client.bindings()
                .inNamespace(pod.getMetadata().getNamespace())
                .resource(binding)
                .create();
    }

    @Override
    public void close() {
        server.stop();
        try {
            Files.deleteIfExists(link);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
