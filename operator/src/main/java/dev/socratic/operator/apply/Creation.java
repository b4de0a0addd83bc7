package dev.socratic.operator.apply;

import dev.socratic.operator.decide.Refusal;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Creates what belongs to a run, or says why it cannot. */
record Creation(KubernetesClient client) {
    private static final int CONFLICT = 409;
    private static final int INVALID = 422;
    private static final int TOO_MANY_REQUESTS = 429;

    /**
     * @param created is told of the object if it is new
     * @return why it could not be created; empty if it is there now
     * @throws KubernetesClientException where the API server could not be asked at all
     */
    <T extends HasMetadata> Optional<Refusal> create(T desired, Consumer<T> created) {
        try {
            created.accept(client.resource(desired).create());
            return Optional.empty();
        } catch (KubernetesClientException e) {
            if (e.getCode() == CONFLICT) {
                return takenBy(client.resource(desired).get(), desired);
            }
            if (e.getCode() == 0 || e.getCode() == TOO_MANY_REQUESTS) {
                throw e;
            }
            Refusal.Cause cause = e.getCode() == INVALID ? Refusal.Cause.INVALID : Refusal.Cause.REFUSED;
            return Optional.of(new Refusal(cause, words(desired), words(e)));
        }
    }

    private static <T extends HasMetadata> Optional<Refusal> takenBy(T there, T desired) {
        String owner = ownerUid(desired);
        if (there == null || there.getMetadata().getDeletionTimestamp() != null) {
            return Optional.of(new Refusal(Refusal.Cause.LEFTOVER, words(desired), "It is being deleted."));
        }
        List<OwnerReference> owners = there.getMetadata().getOwnerReferences();
        if (owners.stream().anyMatch(reference -> reference.getUid().equals(owner))) {
            return Optional.empty();
        }
        boolean ofEarlierResource = owners.stream()
                .anyMatch(reference -> desired.getMetadata().getOwnerReferences().stream()
                        .anyMatch(own -> own.getKind().equals(reference.getKind())
                                && own.getName().equals(reference.getName())));
        return Optional.of(
                ofEarlierResource
                        ? new Refusal(Refusal.Cause.LEFTOVER, words(desired), "It is an earlier resource's.")
                        : new Refusal(Refusal.Cause.NAME_TAKEN, words(desired), "It was not made for this resource."));
    }

    private static String ownerUid(HasMetadata desired) {
        return desired.getMetadata().getOwnerReferences().get(0).getUid();
    }

    /** An object in words for people. */
    static String words(HasMetadata object) {
        return "%s %s/%s"
                .formatted(
                        object.getKind(),
                        object.getMetadata().getNamespace(),
                        object.getMetadata().getName());
    }

    private static String words(KubernetesClientException e) {
        return Optional.ofNullable(e.getStatus()).map(Status::getMessage).orElse(e.getMessage());
    }
}
