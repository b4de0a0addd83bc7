package dev.socratic.operator.apply;

import dev.socratic.operator.run.Run;
import dev.socratic.operator.run.VolumeUse;
import dev.socratic.operator.settings.OperatorSettings;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.VolumeMountBuilder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The pod's volumes, where they are mounted, and the variables that tell the trainer so.
 *
 * <p>A claim {@code pvc://CLAIM/…} is at {@value #CLAIMS}/CLAIM, read-only unless the output goes there; a ConfigMap
 * {@code configmap://NAME/…} at {@value #CONFIG_MAPS}/NAME.
 */
record Volumes(List<Volume> volumes, List<VolumeMount> mounts, List<EnvVar> environment) {
    static final String CONFIG = "/etc/socratic";
    static final String TMP = "/tmp";
    static final String CLAIMS = "/mnt/pvc";
    static final String CONFIG_MAPS = "/mnt/configmap";
    static final String CHECKPOINTS = "/var/lib/socratic/checkpoints";
    static final String CACHE = "/var/cache/socratic";

    static Volumes of(Run run, OperatorSettings settings) {
        Volumes volumes = new Volumes(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        volumes.add(
                new VolumeBuilder()
                        .withName("config")
                        .withNewDownwardAPI()
                        .addNewItem()
                        .withPath(TrainerConfig.FILE)
                        .withNewFieldRef()
                        .withApiVersion("v1")
                        .withFieldPath("metadata.annotations['" + TrainerConfig.ANNOTATION + "']")
                        .endFieldRef()
                        .endItem()
                        .endDownwardAPI(),
                CONFIG,
                VolumeUse.Access.READ);
        volumes.add(new VolumeBuilder().withName("tmp").withNewEmptyDir().endEmptyDir(), TMP, VolumeUse.Access.WRITE);
        volumes.add(
                new VolumeBuilder().withName("cache").withNewEmptyDir().endEmptyDir(), CACHE, VolumeUse.Access.WRITE);
        volumes.environment.add(new EnvVar("SOCRATIC_CACHE", CACHE, null));
        CheckpointsClaim.desired(run, settings).ifPresent(claim -> {
            volumes.add(claimVolume("checkpoints", claim.getMetadata().getName()), CHECKPOINTS, VolumeUse.Access.WRITE);
            volumes.environment.add(new EnvVar("SOCRATIC_CHECKPOINTS", CHECKPOINTS, null));
        });
        volumes.addNamed(VolumeUse.of(run.spec()));
        volumes.environment.add(new EnvVar("SOCRATIC_PVC_ROOT", CLAIMS, null));
        volumes.environment.add(new EnvVar("SOCRATIC_CONFIGMAP_ROOT", CONFIG_MAPS, null));
        return volumes;
    }

    private void addNamed(List<VolumeUse> uses) {
        Map<String, VolumeUse.Access> claims = new LinkedHashMap<>();
        Map<String, VolumeUse.Access> configMaps = new LinkedHashMap<>();
        for (VolumeUse use : uses) {
            (use.kind() == VolumeUse.Kind.CLAIM ? claims : configMaps).merge(use.name(), use.access(), Volumes::wider);
        }
        claims.forEach(
                (claim, access) -> add(claimVolume("claim-" + volumes.size(), claim), CLAIMS + "/" + claim, access));
        configMaps.forEach((configMap, access) -> add(
                new VolumeBuilder()
                        .withName("configmap-" + volumes.size())
                        .withNewConfigMap()
                        .withName(configMap)
                        .endConfigMap(),
                CONFIG_MAPS + "/" + configMap,
                VolumeUse.Access.READ));
    }

    private void add(VolumeBuilder volume, String path, VolumeUse.Access access) {
        volumes.add(volume.build());
        mounts.add(new VolumeMountBuilder()
                .withName(volume.getName())
                .withMountPath(path)
                .withReadOnly(access == VolumeUse.Access.READ ? Boolean.TRUE : null)
                .build());
    }

    private static VolumeBuilder claimVolume(String name, String claim) {
        return new VolumeBuilder()
                .withName(name)
                .withNewPersistentVolumeClaim()
                .withClaimName(claim)
                .endPersistentVolumeClaim();
    }

    private static VolumeUse.Access wider(VolumeUse.Access one, VolumeUse.Access other) {
        return one == VolumeUse.Access.WRITE ? one : other;
    }
}
