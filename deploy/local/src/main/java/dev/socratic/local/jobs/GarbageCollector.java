package dev.socratic.local.jobs;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Deletes what is owned by something that is gone, and finished Jobs after their {@code ttlSecondsAfterFinished}; sees
 * to the finalizers that the API server sets for {@code --cascade=foreground} and {@code --cascade=orphan}.
 */
public final class GarbageCollector {
    private static final String FOREGROUND = "foregroundDeletion";
    private static final String ORPHAN = "orphan";
    private static final int NOT_FOUND = 404;
    private static final int CONFLICT = 409;
    private static final Set<String> OWNER_KINDS = Set.of("SocraticFineTune", "Job", "Pod", "PersistentVolumeClaim");

    private final KubernetesClient client;
    private final ResourceDefinitionContext fineTunes;
    private final Clock clock;

    public GarbageCollector(KubernetesClient client, ResourceDefinitionContext fineTunes, Clock clock) {
        this.client = client;
        this.fineTunes = fineTunes;
        this.clock = clock;
    }

    /**
     * Collects once.
     *
     * @return when the next finished Job is due
     */
    public Optional<Duration> sync() {
        // dependents first: an owner is made before what it owns, so that none is missed in the second listing
        List<HasMetadata> dependents = dependents();
        List<GenericKubernetesResource> tunes = client.genericKubernetesResources(fineTunes)
                .inAnyNamespace()
                .list()
                .getItems();
        var jobs = client.batch().v1().jobs().inAnyNamespace().list().getItems();
        List<HasMetadata> owners = new ArrayList<>(dependents);
        owners.addAll(tunes);
        owners.addAll(jobs);
        List<HasMetadata> owned = new ArrayList<>(dependents);
        owned.addAll(jobs);
        Set<String> alive = owners.stream().map(o -> o.getMetadata().getUid()).collect(Collectors.toSet());
        owned.stream().filter(object -> abandoned(object, alive)).forEach(this::delete);
        owners.stream()
                .filter(owner -> owner.getMetadata().getDeletionTimestamp() != null)
                .forEach(owner -> cascade(owner, owned));
        Optional<Duration> next = Optional.empty();
        for (var job : jobs) {
            Optional<Duration> left = Expiry.timeLeft(job, clock.instant());
            if (left.isPresent() && left.get().isZero()) {
                delete(job);
            } else {
                next = JobController.earlier(next, left);
            }
        }
        return next;
    }

    private List<HasMetadata> dependents() {
        List<HasMetadata> found = new ArrayList<>();
        found.addAll(client.pods().inAnyNamespace().list().getItems());
        found.addAll(client.persistentVolumeClaims().inAnyNamespace().list().getItems());
        found.addAll(client.configMaps().inAnyNamespace().list().getItems());
        found.addAll(client.secrets().inAnyNamespace().list().getItems());
        return found;
    }

    private static boolean abandoned(HasMetadata object, Set<String> alive) {
        List<OwnerReference> references = object.getMetadata().getOwnerReferences();
        return object.getMetadata().getDeletionTimestamp() == null
                && !references.isEmpty()
                && references.stream().allMatch(r -> OWNER_KINDS.contains(r.getKind()) && !alive.contains(r.getUid()));
    }

    private void cascade(HasMetadata owner, List<HasMetadata> owned) {
        List<HasMetadata> mine = owned.stream().filter(o -> ownedBy(o, owner)).toList();
        if (owner.hasFinalizer(ORPHAN)) {
            mine.forEach(dependent -> change(dependent, found -> {
                found.getMetadata()
                        .getOwnerReferences()
                        .removeIf(r -> r.getUid().equals(owner.getMetadata().getUid()));
            }));
            change(owner, found -> found.removeFinalizer(ORPHAN));
        } else if (owner.hasFinalizer(FOREGROUND)) {
            mine.stream()
                    .filter(dependent -> dependent.getMetadata().getDeletionTimestamp() == null)
                    .forEach(this::delete);
            if (mine.isEmpty()) {
                change(owner, found -> found.removeFinalizer(FOREGROUND));
            }
        }
    }

    private static boolean ownedBy(HasMetadata object, HasMetadata owner) {
        return object.getMetadata().getOwnerReferences().stream()
                .anyMatch(r -> r.getUid().equals(owner.getMetadata().getUid()));
    }

    private void delete(HasMetadata object) {
        client.resource(object).delete();
    }

    private void change(HasMetadata object, java.util.function.Consumer<HasMetadata> change) {
        try {
            client.resource(object).edit(found -> {
                change.accept(found);
                return found;
            });
        } catch (KubernetesClientException e) {
            if (e.getCode() != NOT_FOUND && e.getCode() != CONFLICT) {
                throw e;
            }
        }
    }

    /** {@code ttlSecondsAfterFinished}. */
    static final class Expiry {
        private Expiry() {}

        static Optional<Duration> timeLeft(io.fabric8.kubernetes.api.model.batch.v1.Job job, Instant now) {
            Integer ttl = job.getSpec().getTtlSecondsAfterFinished();
            if (ttl == null || job.getStatus() == null || job.getMetadata().getDeletionTimestamp() != null) {
                return Optional.empty();
            }
            return job.getStatus().getConditions().stream()
                    .filter(c -> "True".equals(c.getStatus()))
                    .filter(c -> c.getType().equals("Complete") || c.getType().equals("Failed"))
                    .map(c -> Instant.parse(c.getLastTransitionTime()).plusSeconds(ttl))
                    .map(due -> now.isBefore(due) ? Duration.between(now, due) : Duration.ZERO)
                    .findFirst();
        }
    }
}
