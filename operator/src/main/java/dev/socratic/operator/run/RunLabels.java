package dev.socratic.operator.run;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Labels and annotations on what belongs to a run. */
public final class RunLabels {
    public static final String NAME = "app.kubernetes.io/name";
    public static final String MANAGED_BY = "app.kubernetes.io/managed-by";
    public static final String OPERATOR = "socratic-operator";
    public static final String TRAINER = "socratic-trainer";

    /** Label: the resource. Its name is at most 45 characters, which the CRD sees to. */
    public static final String FINE_TUNE = "socratic.dev/finetune";

    /** Label: the {@link RunId}. */
    public static final String RUN_ID = "socratic.dev/run-id";

    /** Annotation of a Job: {@link RunId#podHash}. */
    public static final String POD_HASH = "socratic.dev/pod-hash";

    /** Annotation of a resource, set by people: another value trains again. */
    public static final String RESTART = "socratic.dev/restart";

    public static final String KUEUE_QUEUE = "kueue.x-k8s.io/queue-name";
    public static final String KUEUE_PRIORITY = "kueue.x-k8s.io/priority-class";

    /** Selects everything that the operator made. */
    public static final String SELECTOR = MANAGED_BY + "=" + OPERATOR;

    private RunLabels() {}

    /** Kueue's labels on {@code resource}, which its Job gets too. */
    public static Map<String, String> ofKueue(SocraticFineTune resource) {
        Map<String, String> labels = new TreeMap<>();
        Optional.ofNullable(resource.getMetadata().getLabels()).orElse(Map.of()).forEach((label, value) -> {
            if (label.equals(KUEUE_QUEUE) || label.equals(KUEUE_PRIORITY)) {
                labels.put(label, value);
            }
        });
        return labels;
    }

    /** In a fixed order, so that what is made of them reads the same each time. */
    public static Map<String, String> of(Run run) {
        Map<String, String> labels = new TreeMap<>();
        labels.put(NAME, TRAINER);
        labels.put(MANAGED_BY, OPERATOR);
        labels.put(FINE_TUNE, run.name());
        labels.put(RUN_ID, run.id().toString());
        return labels;
    }
}
