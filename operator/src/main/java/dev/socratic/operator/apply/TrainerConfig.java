package dev.socratic.operator.apply;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.operator.run.Run;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;

/**
 * The resource that the trainer reads: what was asked for when the run began. It is an annotation of the pod, which the
 * kubelet writes to a file; an object of its own would be one more to create, and to delete.
 */
final class TrainerConfig {
    static final String ANNOTATION = "socratic.dev/resource";
    static final String FILE = "finetune.yaml";

    private TrainerConfig() {}

    /** In YAML, for the trainer and for people who describe the pod. */
    static String of(Run run) {
        SocraticFineTune plain = new SocraticFineTune();
        plain.setMetadata(new ObjectMetaBuilder()
                .withName(run.resource().getMetadata().getName())
                .withNamespace(run.namespace())
                .build());
        plain.setSpec(run.spec());
        try {
            return Serialization.yamlMapper().writeValueAsString(plain);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException("The resource came from JSON, but does not go to YAML.", impossible);
        }
    }
}
