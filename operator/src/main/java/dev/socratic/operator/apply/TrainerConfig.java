package dev.socratic.operator.apply;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.operator.run.Run;
import dev.socratic.operator.run.RunLabels;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.Map;

/** The ConfigMap that gives the trainer its resource: what was asked for when the run began. */
final class TrainerConfig {
    static final String KEY = "finetune.yaml";

    private TrainerConfig() {}

    static ConfigMap desired(Run run) {
        return new ConfigMapBuilder()
                .withNewMetadata()
                .withName(run.jobName())
                .withNamespace(run.namespace())
                .withLabels(RunLabels.of(run))
                .withOwnerReferences(run.owner())
                .endMetadata()
                .withImmutable(true)
                .withData(Map.of(KEY, yaml(run)))
                .build();
    }

    private static String yaml(Run run) {
        SocraticFineTune plain = new SocraticFineTune();
        plain.setMetadata(new ObjectMetaBuilder()
                .withName(run.resource().getMetadata().getName())
                .withNamespace(run.namespace())
                .build());
        plain.setSpec(run.spec());
        return Serialization.asYaml(plain);
    }
}
