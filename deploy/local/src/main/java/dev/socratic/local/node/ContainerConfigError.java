package dev.socratic.local.node;

/** A container cannot be made yet; the pod waits with this reason and message, as under a kubelet. */
final class ContainerConfigError extends Exception {
    private static final long serialVersionUID = 1L;

    private final String reason;

    ContainerConfigError(String reason, String message) {
        super(message);
        this.reason = reason;
    }

    static ContainerConfigError config(String message) {
        return new ContainerConfigError("CreateContainerConfigError", message);
    }

    /** A volume that cannot be mounted keeps the container in its first state. */
    static ContainerConfigError mount(String message) {
        return new ContainerConfigError("ContainerCreating", message);
    }

    String reason() {
        return reason;
    }
}
