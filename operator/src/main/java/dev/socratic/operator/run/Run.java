package dev.socratic.operator.run;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import java.util.Optional;

/** One training that a resource asks for, and the names of what belongs to it. */
public record Run(SocraticFineTune resource, RunId id) {
    public static Run of(SocraticFineTune resource) {
        return new Run(resource, RunId.of(resource));
    }

    public SocraticFineTuneSpec spec() {
        return resource.getSpec();
    }

    public String name() {
        return resource.getMetadata().getName();
    }

    public String namespace() {
        return resource.getMetadata().getNamespace();
    }

    /** {@code NAME-RUNID}. */
    public String jobName() {
        return name() + "-" + id;
    }

    public String checkpointsClaim() {
        return checkpointsClaim(jobName());
    }

    /** Name of the checkpoints claim that goes with a Job. */
    public static String checkpointsClaim(String jobName) {
        return jobName + "-checkpoints";
    }

    public Optional<String> kueueQueue() {
        return Optional.ofNullable(RunLabels.ofKueue(resource).get(RunLabels.KUEUE_QUEUE));
    }

    public OwnerReference owner() {
        return new OwnerReferenceBuilder()
                .withApiVersion(resource.getApiVersion())
                .withKind(resource.getKind())
                .withName(resource.getMetadata().getName())
                .withUid(resource.getMetadata().getUid())
                .withController(true)
                .build();
    }
}
