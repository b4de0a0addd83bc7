package dev.socratic.operator.observe;

import dev.socratic.operator.run.Run;
import dev.socratic.operator.run.VolumeUse;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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
        List<MissingReference> missing = new ArrayList<>();
        for (VolumeUse use : VolumeUse.of(run.spec())) {
            Optional<MissingReference> absent = switch (use.kind()) {
                case CLAIM -> missingClaim(run, use);
                case CONFIG_MAP -> missingConfigMap(run, use);
            };
            absent.filter(reference -> !missing.contains(reference)).ifPresent(missing::add);
        }
        boolean noClaim = ownClaim == OwnClaim.EXPECTED
                && read(PersistentVolumeClaim.class, run, run.checkpointsClaim())
                        .isEmpty();
        if (noClaim || read(ConfigMap.class, run, run.jobName()).isEmpty()) {
            missing.add(new MissingReference(MissingReference.Kind.OWN, run.jobName(), null, null));
        }
        return List.copyOf(missing);
    }

    private Optional<MissingReference> missingClaim(Run run, VolumeUse use) {
        return read(PersistentVolumeClaim.class, run, use.name()).isPresent()
                ? Optional.empty()
                : Optional.of(new MissingReference(MissingReference.Kind.CLAIM, use.name(), use.field(), null));
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
