package dev.socratic.operator.run;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import java.util.Map;
import java.util.Optional;

/** One training that a resource asks for, and the names of what belongs to it. */
public record Run(SocraticFineTune resource, RunId id) {
    private static final int LONGEST_JOB_NAME = 63;

    public static Run of(SocraticFineTune resource) {
        return new Run(resource, RunId.of(resource));
    }

    public SocraticFineTuneSpec spec() {
        return resource.getSpec();
    }

    public String namespace() {
        return resource.getMetadata().getNamespace();
    }

    /** {@code NAME-RUNID}; also the name of the run's ConfigMap. */
    public String jobName() {
        return jobName(id.toString());
    }

    public String checkpointsClaim() {
        return checkpointsClaim(jobName());
    }

    /** Name of the checkpoints claim that goes with a Job. */
    public static String checkpointsClaim(String jobName) {
        return jobName + "-checkpoints";
    }

    public Optional<String> kueueQueue() {
        return label(RunLabels.KUEUE_QUEUE);
    }

    public Optional<String> label(String name) {
        Map<String, String> labels = resource.getMetadata().getLabels();
        return Optional.ofNullable(labels).map(all -> all.get(name));
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

    private String jobName(String runId) {
        return shortName(LONGEST_JOB_NAME - runId.length() - 1) + "-" + runId;
    }

    /** The resource's name, cut and told apart by a hash where it is longer than {@code length}. */
    String shortName(int length) {
        String name = resource.getMetadata().getName();
        if (name.length() <= length) {
            return name;
        }
        String hash = RunId.hash(name);
        return name.substring(0, length - hash.length() - 1).replaceAll("[-.]+$", "") + "-" + hash;
    }
}
