package dev.socratic.operator.apply;

import dev.socratic.api.v1alpha1.spec.OutputSpec;
import dev.socratic.api.v1alpha1.spec.PlacementSpec;
import dev.socratic.api.v1alpha1.spec.SecretReference;
import dev.socratic.operator.run.Placements;
import dev.socratic.operator.run.Run;
import dev.socratic.operator.run.RunLabels;
import dev.socratic.operator.settings.OperatorSettings;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.EnvFromSource;
import io.fabric8.kubernetes.api.model.EnvFromSourceBuilder;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.PodSecurityContext;
import io.fabric8.kubernetes.api.model.PodSecurityContextBuilder;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodSpecBuilder;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.SecurityContext;
import io.fabric8.kubernetes.api.model.SecurityContextBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The pod of a run, as the "restricted" pod security standard wants it. */
final class TrainerPod {
    static final String CONTAINER = "trainer";
    static final String TOKEN = "HUGGINGFACE_TOKEN";
    static final String OUTPUT_TOKEN = "SOCRATIC_OUTPUT_TOKEN";

    /** User and group of the trainer image. */
    private static final long USER = 65532;

    private TrainerPod() {}

    static PodTemplateSpec desired(Run run, OperatorSettings settings) {
        PlacementSpec placement = Placements.of(run.spec());
        Volumes volumes = Volumes.of(run, settings);
        ObjectMeta metadata = new ObjectMetaBuilder()
                .withLabels(RunLabels.of(run))
                .withAnnotations(Map.of(TrainerConfig.ANNOTATION, TrainerConfig.of(run)))
                .build();
        PodSpec spec = new PodSpecBuilder()
                .withRestartPolicy("Never")
                .withAutomountServiceAccountToken(false)
                .withEnableServiceLinks(false)
                .withTerminationGracePeriodSeconds(
                        settings.terminationGracePeriod().toSeconds())
                .withNodeSelector(placement.nodeSelector())
                .withTolerations(GpuScheduling.tolerations(placement))
                .withRuntimeClassName(placement.runtimeClassName())
                .withPriorityClassName(placement.priorityClassName())
                .build();
        spec.setSecurityContext(podSecurity());
        spec.setAffinity(GpuScheduling.affinity(placement));
        spec.setContainers(List.of(container(run, placement, volumes, settings)));
        spec.setVolumes(volumes.volumes());
        return new PodTemplateSpec(metadata, spec);
    }

    private static Container container(Run run, PlacementSpec placement, Volumes volumes, OperatorSettings settings) {
        Container container = new ContainerBuilder()
                .withName(CONTAINER)
                .withImage(image(placement, settings))
                .withArgs("train", Volumes.CONFIG + "/" + TrainerConfig.FILE)
                .addNewPort()
                .withName("progress")
                .withContainerPort(settings.progressPort())
                .endPort()
                .withTerminationMessagePath("/dev/termination-log")
                .withTerminationMessagePolicy("FallbackToLogsOnError")
                .build();
        container.setEnv(environment(run, volumes));
        container.setEnvFrom(outputSecret(run.spec().output()));
        container.setResources(TrainerResources.of(placement, settings));
        container.setSecurityContext(containerSecurity());
        container.setVolumeMounts(volumes.mounts());
        return container;
    }

    private static String image(PlacementSpec placement, OperatorSettings settings) {
        if (placement.image() != null) {
            return placement.image();
        }
        return placement.gpus() > 0 ? settings.cudaImage() : settings.cpuImage();
    }

    private static List<EnvVar> environment(Run run, Volumes volumes) {
        List<EnvVar> environment = new ArrayList<>();
        environment.add(new EnvVar("HOME", Volumes.TMP, null));
        environment.add(new EnvVar("SOCRATIC_RESOURCE", run.name(), null));
        environment.addAll(volumes.environment());
        if (run.spec().model().secretRef() != null) {
            environment.add(token(TOKEN, run.spec().model().secretRef()));
        }
        if (run.spec().output().secretRef() != null && isOnHub(run.spec().output())) {
            environment.add(token(OUTPUT_TOKEN, run.spec().output().secretRef()));
        }
        return environment;
    }

    private static EnvVar token(String variable, SecretReference secret) {
        return new EnvVarBuilder()
                .withName(variable)
                .withNewValueFrom()
                .withNewSecretKeyRef()
                .withName(secret.name())
                .withKey(TOKEN)
                .endSecretKeyRef()
                .endValueFrom()
                .build();
    }

    private static boolean isOnHub(OutputSpec output) {
        return output.uri().startsWith("hf://");
    }

    /** The hub's token is given alone, as the model's may be another one under the same key. */
    private static List<EnvFromSource> outputSecret(OutputSpec output) {
        return output.secretRef() == null || isOnHub(output)
                ? List.of()
                : List.of(new EnvFromSourceBuilder()
                        .withNewSecretRef()
                        .withName(output.secretRef().name())
                        .endSecretRef()
                        .build());
    }

    private static PodSecurityContext podSecurity() {
        return new PodSecurityContextBuilder()
                .withRunAsNonRoot(true)
                .withRunAsUser(USER)
                .withRunAsGroup(USER)
                .withFsGroup(USER)
                .withFsGroupChangePolicy("OnRootMismatch")
                .withNewSeccompProfile()
                .withType("RuntimeDefault")
                .endSeccompProfile()
                .build();
    }

    private static SecurityContext containerSecurity() {
        return new SecurityContextBuilder()
                .withAllowPrivilegeEscalation(false)
                .withReadOnlyRootFilesystem(true)
                .withNewCapabilities()
                .withDrop("ALL")
                .endCapabilities()
                .build();
    }
}
