package dev.socratic.local.controlplane;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;

/** A running Kubernetes API without controllers, scheduler or nodes. Closing it ends everything it started. */
public interface ControlPlane extends AutoCloseable {

    /** What the server checks and fills in by itself. */
    enum Kind {
        /** etcd and kube-apiserver: schemas, CEL rules, defaults, server-side apply, printer columns. */
        REAL,
        /** An in-process store: no schemas, no defaults, no deletion grace. */
        MOCK
    }

    Kind kind();

    /** One line for people: what runs here. */
    String description();

    /** A kubeconfig (YAML) that kubectl on this machine can use. */
    String kubeconfig();

    /** A new client with every permission; the caller closes it. */
    KubernetesClient newClient();

    /** Assigns a pending pod to a node, as a scheduler does. */
    void bind(KubernetesClient client, Pod pod, String node);

    @Override
    void close();
}
