package dev.socratic.cluster.life;

import com.fasterxml.jackson.databind.JsonNode;
import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.api.v1alpha1.status.Phase;
import dev.socratic.api.v1alpha1.status.SocraticFineTuneStatus;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodList;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.FilterWatchListDeletable;
import io.fabric8.kubernetes.client.dsl.PodResource;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;

/** One resource in {@link Installation#NAMESPACE}, what people do with it, and what they wait for. */
record FineTune(KubernetesClient client, String name) {
    private static final int PATIENCE_SECONDS = 150;
    private static final String OF = "socratic.dev/finetune";

    /**
     * Applies a small training of the quickstart's model.
     *
     * @param changes a JSON merge patch of its spec, such as {@code {"training": {"maxSteps": 10}}}
     */
    void apply(String changes) {
        apply(changes, Map.of());
    }

    void apply(String changes, Map<String, String> labels) {
        JsonNode resource = Serialization.unmarshal("""
                apiVersion: socratic.dev/v1alpha1
                kind: SocraticFineTune
                metadata: {name: "%1$s", namespace: "%2$s"}
                spec:
                  model: {uri: pvc://quickstart/model, dtype: float32, attention: eager}
                  lora: {r: 8, alpha: 16, dropout: 0.1, targetModules: [q_proj, v_proj]}
                  dataset: {uri: pvc://quickstart/socratic.jsonl, loss: assistant}
                  training: {maxSteps: 100000, batchSize: 2, gradientAccumulation: 1, maxSequenceLength: 64,
                             learningRate: 1e-4, checkpointEverySteps: 10}
                  placement: {gpus: 0}
                  output: {uri: "pvc://adapters/%1$s"}
                """.formatted(name, Installation.NAMESPACE), JsonNode.class);
        JsonNode changed = MergePatch.apply(resource, spec(changes));
        HasMetadata labelled = Serialization.unmarshal(changed.toString());
        labelled.getMetadata().setLabels(labels);
        client.resource(labelled).create();
    }

    /** Gives the resource this label. */
    void label(String label, String value) {
        resource()
                .patch(
                        PatchContext.of(PatchType.JSON_MERGE),
                        "{\"metadata\": {\"labels\": {\"%s\": \"%s\"}}}".formatted(label, value));
    }

    /** Edits the spec by a JSON merge patch of it. */
    void edit(String changes) {
        resource().patch(PatchContext.of(PatchType.JSON_MERGE), spec(changes));
    }

    void delete() {
        resource().delete();
    }

    SocraticFineTuneStatus status() {
        return resource().get().getStatus();
    }

    SocraticFineTuneStatus await(Phase phase) {
        return await(phase.toString(), status -> status.phase() == phase);
    }

    /** Waits for a state with this reason of the condition Ready. */
    SocraticFineTuneStatus awaitReason(String reason) {
        return awaitReady(reason, condition -> reason.equals(condition.getReason()));
    }

    /** The same, once its message says this: what kept the run back at first may have been something else. */
    SocraticFineTuneStatus awaitReason(String reason, String said) {
        return awaitReady(
                reason + ": " + said,
                condition -> reason.equals(condition.getReason())
                        && condition.getMessage().contains(said));
    }

    private SocraticFineTuneStatus awaitReady(String what, Predicate<Condition> wanted) {
        return await(what, status -> ready(status).filter(wanted).isPresent());
    }

    SocraticFineTuneStatus await(String what, Predicate<SocraticFineTuneStatus> wanted) {
        try {
            return resource()
                    .informOnCondition(all ->
                            all.stream().anyMatch(there -> there.getStatus() != null && wanted.test(there.getStatus())))
                    .get(PATIENCE_SECONDS, TimeUnit.SECONDS)
                    .get(0)
                    .getStatus();
        } catch (TimeoutException | ExecutionException e) {
            throw new AssertionError(name + " did not get to " + what, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Waits until the trainer is at this step or beyond. */
    SocraticFineTuneStatus awaitStep(int step) {
        return await(
                "step " + step,
                status -> status.progress() != null && status.progress().step() >= step);
    }

    SocraticFineTuneStatus awaitCheckpoint() {
        return await("a checkpoint", status -> status.checkpoint() != null);
    }

    /** Its youngest pod. */
    Pod pod() {
        return pods().list().getItems().stream()
                .max(Comparator.comparing(pod -> pod.getMetadata().getCreationTimestamp()))
                .orElseThrow(() -> new AssertionError("no pod of " + name));
    }

    List<Job> jobs() {
        return client.batch()
                .v1()
                .jobs()
                .inNamespace(Installation.NAMESPACE)
                .withLabel(OF, name)
                .list()
                .getItems();
    }

    FilterWatchListDeletable<Pod, PodList, PodResource> pods() {
        return client.pods().inNamespace(Installation.NAMESPACE).withLabel(OF, name);
    }

    /** Waits until no pod of it is left. */
    void awaitNoPod() {
        gone(pods());
    }

    void awaitNoJob() {
        gone(client.batch().v1().jobs().inNamespace(Installation.NAMESPACE).withLabel(OF, name));
    }

    void awaitNoCheckpointsClaim() {
        gone(client.persistentVolumeClaims().inNamespace(Installation.NAMESPACE).withLabel(OF, name));
    }

    /** Reasons of its events, in order. */
    List<String> events() {
        return client.v1().events().inNamespace(Installation.NAMESPACE).list().getItems().stream()
                .filter(event -> name.equals(event.getInvolvedObject().getName()))
                .sorted(Comparator.comparing(Event::getFirstTimestamp))
                .map(Event::getReason)
                .toList();
    }

    static Optional<Condition> ready(SocraticFineTuneStatus status) {
        return Optional.ofNullable(status.conditions()).orElse(List.of()).stream()
                .filter(condition -> "Ready".equals(condition.getType()))
                .findFirst();
    }

    private <T extends HasMetadata> void gone(FilterWatchListDeletable<T, ?, ?> objects) {
        try {
            objects.informOnCondition(List::isEmpty).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException | ExecutionException e) {
            throw new AssertionError("still there: " + name, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private Resource<SocraticFineTune> resource() {
        return client.resources(SocraticFineTune.class)
                .inNamespace(Installation.NAMESPACE)
                .withName(name);
    }

    private static String spec(String changes) {
        return "{\"spec\": " + changes + "}";
    }
}
