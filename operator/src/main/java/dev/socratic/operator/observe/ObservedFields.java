package dev.socratic.operator.observe;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import dev.socratic.api.v1alpha1.SocraticFineTune;
import io.fabric8.kubernetes.api.model.KubernetesResource;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.api.model.WatchEvent;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobSpec;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.util.List;

/**
 * Reads of the API server's objects only what somebody here looks at: a thousand pods, each with its volumes and the
 * history of its fields, are hundreds of thousands of objects to make, to keep and to collect. What the operator
 * writes is written in full.
 */
public final class ObservedFields {
    /** What is watched. The client's own list of kinds has hundreds, each a class to load at the start. */
    static final List<Class<? extends KubernetesResource>> KINDS =
            List.of(SocraticFineTune.class, Job.class, Pod.class, Status.class);

    private ObservedFields() {}

    public static KubernetesSerialization serialization() {
        ObjectMapper mapper = new ObjectMapper();
        mapper.addMixIn(WatchEvent.class, OfEvents.class);
        mapper.addMixIn(ObjectMeta.class, OfAny.class);
        mapper.addMixIn(JobSpec.class, OfJobs.class);
        mapper.addMixIn(PodSpec.class, OfPods.class);
        KubernetesSerialization serialization = new KubernetesSerialization(mapper, false);
        KINDS.forEach(serialization::registerKubernetesResource);
        return serialization;
    }

    private interface OfEvents {
        @JsonDeserialize(using = ObservedObject.class)
        void setObject(Object object);
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
