package dev.socratic.local.controlplane;

import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;

/** Chooses and starts the control plane of a run. */
public final class ControlPlanes {
    /** Which control plane to use. */
    public enum Choice {
        /** The real one if its binaries are here or can be downloaded, else the mock. */
        AUTO,
        REAL,
        MOCK
    }

    private ControlPlanes() {}

    /**
     * Starts a control plane.
     *
     * @param folder where it keeps certificates
     * @param tell takes a line for people
     * @throws IllegalStateException when the real one is asked for and cannot be had
     */
    public static ControlPlane start(Choice choice, Path folder, Consumer<String> tell) {
        if (choice == Choice.MOCK) {
            return CrudServer.start();
        }
        var binaries = ServerBinaries.ofThisMachine();
        Optional<Path> found = binaries.installed();
        if (found.isEmpty()) {
            tell.accept("etcd and kube-apiserver are not on this machine; trying to download them");
            found = binaries.download();
        }
        if (found.isPresent()) {
            return KubeApiServer.start(found.get(), folder);
        }
        if (choice == Choice.REAL) {
            throw new IllegalStateException("no etcd and kube-apiserver in $KUBEBUILDER_ASSETS or ~/.kubeapitest/k8s,"
                    + " and none could be downloaded; use --control-plane=mock, or put them there");
        }
        tell.accept("etcd and kube-apiserver could not be had; a mock of the API server takes their place");
        return CrudServer.start();
    }

    /** Whether the real control plane's binaries are on this machine. */
    public static boolean realIsInstalled() {
        return ServerBinaries.ofThisMachine().installed().isPresent();
    }
}
