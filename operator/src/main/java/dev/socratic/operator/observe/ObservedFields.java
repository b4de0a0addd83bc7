package dev.socratic.operator.observe;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.batch.v1.JobSpec;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;

/**
 * Reads of the API server's objects only what somebody here looks at: a thousand pods, each with its volumes and the
 * history of its fields, are hundreds of thousands of objects to make, to keep and to collect. What the operator
 * writes is written in full.
 */
public final class ObservedFields {
    private ObservedFields() {}

    public static KubernetesSerialization serialization() {
        ObjectMapper mapper = new ObjectMapper();
        mapper.addMixIn(ObjectMeta.class, OfAny.class);
        mapper.addMixIn(JobSpec.class, OfJobs.class);
        mapper.addMixIn(PodSpec.class, OfPods.class);
        return new KubernetesSerialization(mapper, true);
    }

    @JsonIgnoreProperties(
            value = {"managedFields"},
            allowGetters = true)
    private interface OfAny {}

    @JsonIgnoreProperties(
            value = {"template", "podFailurePolicy", "selector"},
            allowGetters = true)
    private interface OfJobs {}

    @JsonIgnoreProperties(
            value = {"affinity", "containers", "initContainers", "securityContext", "tolerations", "volumes"},
            allowGetters = true)
    private interface OfPods {}
}
