package dev.socratic.local;

import dev.socratic.local.agent.NodeAgent;
import dev.socratic.local.controlplane.ControlPlane;
import dev.socratic.local.controlplane.ControlPlanes;
import dev.socratic.local.node.Claims;
import dev.socratic.local.node.ContainerImages;
import dev.socratic.local.node.NodeSettings;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinitionCondition;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.CustomResourceDefinitionContext;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;

/** A cluster of one node in this process: control plane, CRD, node agent, and an operator that can be restarted. */
final class LocalCluster implements AutoCloseable {
    /** Name of the node, as in {@code kubectl get nodes}. */
    static final String NODE = "local";

    private static final String DEFINITION = "/META-INF/socratic/socraticfinetunes.socratic.dev-v1.yml";
    private static final long CRD_SECONDS = 30;

    private final RunDirectory directory;
    private final ControlPlane plane;
    private final CustomResourceDefinition definition;
    private final Function<KubernetesClient, AutoCloseable> operators;
    private KubernetesClient client;
    private NodeAgent agent;
    private AutoCloseable operator;
    private Claims claims;
    private boolean closed;

    private LocalCluster(
            RunDirectory directory,
            ControlPlane plane,
            CustomResourceDefinition definition,
            Function<KubernetesClient, AutoCloseable> operators) {
        this.directory = directory;
        this.plane = plane;
        this.definition = definition;
        this.operators = operators;
    }

    /**
     * What a cluster is made of.
     *
     * @param images the programs that stand for container images
     * @param firstBackoff wait before a failed pod is tried again
     * @param operators starts an operator on a client that it may close
     */
    record Parts(
            ControlPlanes.Choice choice,
            ContainerImages images,
            Duration firstBackoff,
            Function<KubernetesClient, AutoCloseable> operators) {}

    /** Starts everything but the operator. On failure nothing is left running. */
    static LocalCluster start(RunDirectory directory, Parts parts, Consumer<String> tell) {
        var plane = ControlPlanes.start(parts.choice(), directory.controlPlane(), tell);
        var cluster = new LocalCluster(directory, plane, readDefinition(), parts.operators());
        try {
            cluster.furnish(parts);
            return cluster;
        } catch (RuntimeException e) {
            cluster.close();
            throw e;
        }
    }

    private void furnish(Parts parts) {
        client = plane.newClient();
        writeKubeconfig();
        install();
        var settings = new NodeSettings(
                NODE, directory.pods(), directory.claims(), directory.volumes(), directory.cache(), parts.images());
        claims = new Claims(client, settings);
        agent = NodeAgent.start(
                plane.newClient(), context(), settings, plane::bind, Clock.systemUTC(), parts.firstBackoff());
    }

    /** Starts an operator, unless one runs. */
    void startOperator() {
        if (operator == null) {
            operator = operators.apply(plane.newClient());
        }
    }

    /** Ends the operator; the rest of the cluster goes on. */
    void stopOperator() {
        if (operator == null) {
            return;
        }
        var ending = operator;
        operator = null;
        try {
            ending.close();
        } catch (Exception e) {
            throw new IllegalStateException("the operator did not stop", e);
        }
    }

    ControlPlane plane() {
        return plane;
    }

    KubernetesClient client() {
        return client;
    }

    CustomResourceDefinition definition() {
        return definition;
    }

    RunDirectory directory() {
        return directory;
    }

    /** The folder that {@code pvc://CLAIM/PATH} means on this machine; empty for other URIs and claims not there. */
    Optional<Path> folderOf(String namespace, String uri) {
        return FineTuneFile.claim(uri)
                .flatMap(claim -> claims.folder(namespace, claim))
                .map(folder -> folder.resolve(FineTuneFile.pathInClaim(uri)));
    }

    /** How to reach {@code socraticfinetunes} through the generic client. */
    ResourceDefinitionContext context() {
        return CustomResourceDefinitionContext.fromCrd(definition);
    }

    /** Operator first, so that it does not see the rest go away; then pods; then the API server. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            stopOperator();
        } finally {
            try {
                if (agent != null) {
                    agent.close();
                }
                if (client != null) {
                    client.close();
                }
            } finally {
                plane.close();
            }
        }
    }

    private void install() {
        var definitions = client.apiextensions().v1().customResourceDefinitions();
        definitions.resource(definition).create();
        if (plane.kind() == ControlPlane.Kind.MOCK) {
            return;
        }
        definitions
                .withName(definition.getMetadata().getName())
                .waitUntilCondition(LocalCluster::established, CRD_SECONDS, TimeUnit.SECONDS);
    }

    private static boolean established(CustomResourceDefinition found) {
        return found != null
                && found.getStatus() != null
                && Objects.requireNonNullElse(
                                found.getStatus().getConditions(), List.<CustomResourceDefinitionCondition>of())
                        .stream()
                        .anyMatch(c -> c.getType().equals("Established")
                                && c.getStatus().equals("True"));
    }

    private void writeKubeconfig() {
        try {
            Files.writeString(directory.kubeconfig(), plane.kubeconfig());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static CustomResourceDefinition readDefinition() {
        try (var stream = LocalCluster.class.getResourceAsStream(DEFINITION)) {
            return Serialization.unmarshal(stream, CustomResourceDefinition.class);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the CustomResourceDefinition " + DEFINITION, e);
        }
    }
}
