package dev.socratic.operator.apply;

import dev.socratic.operator.run.Run;
import dev.socratic.operator.run.RunLabels;
import dev.socratic.operator.settings.OperatorSettings;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import java.util.Map;
import java.util.Optional;

/** The claim for a run's checkpoints, so that another pod on another node goes on where one was stopped. */
final class CheckpointsClaim {
    private CheckpointsClaim() {}

    /** The claim; empty where the settings want checkpoints beside the adapter. */
    static Optional<PersistentVolumeClaim> desired(Run run, OperatorSettings settings) {
        return settings.checkpointsSize()
                .map(size -> new PersistentVolumeClaimBuilder()
                        .withNewMetadata()
                        .withName(run.checkpointsClaim())
                        .withNamespace(run.namespace())
                        .withLabels(RunLabels.of(run))
                        .withOwnerReferences(run.owner())
                        .endMetadata()
                        .withNewSpec()
                        .withAccessModes("ReadWriteOnce")
                        .withStorageClassName(settings.checkpointsStorageClass().orElse(null))
                        .withNewResources()
                        .withRequests(Map.of("storage", size))
                        .endResources()
                        .endSpec()
                        .build());
    }
}
