package dev.socratic.local;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.List;

/** Jobs for tests: a fixed frame with the settings that a test is about. */
final class JobTemplate {
    private static final List<String> OF_JOB =
            List.of("backoffLimit", "podFailurePolicy", "activeDeadlineSeconds", "ttlSecondsAfterFinished", "suspend");

    private JobTemplate() {}

    /**
     * @param settings YAML with fields of the Job's spec, {@code volumes}, {@code mounts}, {@code env}, {@code envFrom},
     *     {@code terminationGracePeriodSeconds}, and {@code gpus}
     */
    static Job job(String name, String settings, List<String> arguments) {
        ObjectNode job = (ObjectNode) Serialization.unmarshal("""
                apiVersion: batch/v1
                kind: Job
                metadata: {name: %s, namespace: default}
                spec:
                  backoffLimit: 0
                  template:
                    spec:
                      restartPolicy: Never
                      containers:
                      - {name: trainer, image: "trainer:test", ports: [{name: progress, containerPort: 9464}]}
                """.formatted(name), JsonNode.class);
        JsonNode given = Serialization.unmarshal(settings, JsonNode.class);
        ObjectNode spec = (ObjectNode) job.get("spec");
        ObjectNode pod = (ObjectNode) spec.at("/template/spec");
        ObjectNode container = (ObjectNode) pod.at("/containers/0");
        OF_JOB.stream().filter(given::has).forEach(field -> spec.set(field, given.get(field)));
        copy(given, "volumes", pod, "volumes");
        copy(given, "terminationGracePeriodSeconds", pod, "terminationGracePeriodSeconds");
        copy(given, "mounts", container, "volumeMounts");
        copy(given, "env", container, "env");
        copy(given, "envFrom", container, "envFrom");
        if (given.has("gpus")) {
            container
                    .putObject("resources")
                    .putObject("limits")
                    .put("nvidia.com/gpu", given.get("gpus").asText());
        }
        var args = container.putArray("args");
        arguments.forEach(args::add);
        return Serialization.jsonMapper().convertValue(job, Job.class);
    }

    private static void copy(JsonNode from, String field, ObjectNode to, String as) {
        if (from.has(field)) {
            to.set(as, from.get(field));
        }
    }
}
