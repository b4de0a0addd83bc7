package dev.socratic.operator.observe;

import dev.socratic.operator.run.Run;
import dev.socratic.operator.run.VolumeUse;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** {@link References} by reading the cluster, one request for each. */
public final class ClusterReferences implements References {
    private final KubernetesClient client;
    private final OwnClaim ownClaim;

    /** Whether runs have a claim for their checkpoints. */
    public enum OwnClaim {
        EXPECTED,
        NONE
    }

    public ClusterReferences(KubernetesClient client, OwnClaim ownClaim) {
        this.client = client;
        this.ownClaim = ownClaim;
    }

    @Override
    public List<MissingReference> missing(Run run) {
        Set<MissingReference> missing = new LinkedHashSet<>();
        for (VolumeUse use : VolumeUse.of(run.spec())) {
            Optional<MissingReference> absent = switch (use.kind()) {
                case CLAIM -> missingClaim(run, use);
                case CONFIG_MAP -> missingConfigMap(run, use);
            };
            absent.ifPresent(missing::add);
        }
        missingOwn(run).ifPresent(missing::add);
        return List.copyOf(missing);
    }

    private Optional<MissingReference> missingClaim(Run run, VolumeUse use) {
        Optional<PersistentVolumeClaim> claim = read(PersistentVolumeClaim.class, run, use.name());
        return claim.isPresent()
                ? unbound(claim.get(), use.field())
                : Optional.of(new MissingReference(MissingReference.Kind.CLAIM, use.name(), use.field(), null));
    }

    private Optional<MissingReference> missingOwn(Run run) {
        if (ownClaim == OwnClaim.NONE) {
            return Optional.empty();
        }
        Optional<PersistentVolumeClaim> claim = read(PersistentVolumeClaim.class, run, run.checkpointsClaim());
        return claim.isPresent()
                ? unbound(claim.get(), null)
                : Optional.of(new MissingReference(MissingReference.Kind.OWN, run.checkpointsClaim(), null, null));
    }

    private static Optional<MissingReference> unbound(PersistentVolumeClaim claim, String field) {
        boolean pending =
                claim.getStatus() != null && "Pending".equals(claim.getStatus().getPhase());
        return pending
                ? Optional.of(new MissingReference(
                        MissingReference.Kind.UNBOUND_CLAIM, claim.getMetadata().getName(), field, null))
                : Optional.empty();
    }

    private Optional<MissingReference> missingConfigMap(Run run, VolumeUse use) {
        Optional<ConfigMap> configMap = read(ConfigMap.class, run, use.name());
        if (configMap.isEmpty()) {
            return Optional.of(new MissingReference(MissingReference.Kind.CONFIG_MAP, use.name(), use.field(), null));
        }
        boolean hasKey = configMap
                .filter(map -> contains(map.getData(), use.path()) || contains(map.getBinaryData(), use.path()))
                .isPresent();
        return hasKey
                ? Optional.empty()
                : Optional.of(
                        new MissingReference(MissingReference.Kind.CONFIG_MAP, use.name(), use.field(), use.path()));
    }

    private static boolean contains(Map<String, String> data, String key) {
        return data != null && data.containsKey(key);
    }

    private <T extends HasMetadata> Optional<T> read(Class<T> type, Run run, String name) {
        return Optional.ofNullable(client.resources(type)
                .inNamespace(run.namespace())
                .withName(name)
                .get());
    }
}
