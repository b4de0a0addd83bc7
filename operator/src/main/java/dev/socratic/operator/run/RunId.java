package dev.socratic.operator.run;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.api.v1alpha1.spec.PlacementSpec;
import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.api.yaml.CrdSchema;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Which training a resource asks for: a short hash of the part of its spec that decides the result and the devices it
 * is computed on. Another id is another run. Secrets, scheduling, {@code suspend}, {@code ttlSecondsAfterFinished},
 * {@code activeDeadlineSeconds} and {@code backoffLimit} are no part of it; nor is what equals its default, so that a
 * field that a newer version of the resource adds changes no id.
 *
 * @param spec hash of the spec, 8 hexadecimal digits
 * @param restart hash of the annotation {@value RunLabels#RESTART}, 4 hexadecimal digits; of the last one where it was
 *     taken away, as that asks for nothing; or empty
 */
public record RunId(String spec, String restart) {
    private static final JsonMapper CANONICAL =
            JsonMapper.builder().enable(JsonNodeFeature.WRITE_PROPERTIES_SORTED).build();

    private static final CrdSchema SCHEMA = CrdSchema.read();

    private static final List<JsonPointer> NO_PART = Stream.of(
                    "/model/secretRef",
                    "/model/trustRemoteCode",
                    "/output/secretRef",
                    "/placement/nodeSelector",
                    "/placement/tolerations",
                    "/placement/affinity",
                    "/placement/runtimeClassName",
                    "/placement/priorityClassName",
                    "/placement/image",
                    "/suspend",
                    "/ttlSecondsAfterFinished",
                    "/activeDeadlineSeconds",
                    "/backoffLimit")
            .map(JsonPointer::compile)
            .toList();

    /**
     * The run that {@code resource} asks for. While its generation is the one that its status is about, the id in the
     * status stays, whatever a newer version of this program would make of the spec.
     */
    public static RunId of(SocraticFineTune resource) {
        String spec = specHash(resource);
        Map<String, String> annotations = resource.getMetadata().getAnnotations();
        String restart = annotations == null ? null : annotations.get(RunLabels.RESTART);
        return new RunId(
                spec,
                restart == null ? lastRestart(resource, spec) : hash(restart).substring(0, 4));
    }

    private static String lastRestart(SocraticFineTune resource, String spec) {
        String last = resource.getStatus() == null ? null : resource.getStatus().runId();
        return last != null && last.startsWith(spec + "-") ? last.substring(spec.length() + 1) : "";
    }

    private static String specHash(SocraticFineTune resource) {
        var status = resource.getStatus();
        boolean sameGeneration = status != null
                && status.runId() != null
                && status.observedGeneration() != null
                && status.observedGeneration().equals(resource.getMetadata().getGeneration());
        return sameGeneration ? status.runId().split("-", 2)[0] : hash(trained(resource.getSpec()));
    }

    /** Whatever a spec may say decides the result, but for what is known not to, and but for what would hold anyway. */
    private static JsonNode trained(SocraticFineTuneSpec spec) {
        ObjectNode trained = CANONICAL.valueToTree(spec);
        NO_PART.forEach(field -> {
            if (trained.at(field.head()) instanceof ObjectNode parent) {
                parent.remove(field.last().getMatchingProperty());
            }
        });
        SCHEMA.removeDefaults(trained);
        return trained;
    }

    /**
     * Hash of what the pod needs to start but what does not change the training: while no pod is at work, another value
     * replaces its Job.
     */
    public static String podHash(SocraticFineTune resource) {
        SocraticFineTuneSpec spec = resource.getSpec();
        Map<String, Object> pod = new LinkedHashMap<>(RunLabels.ofKueue(resource));
        PlacementSpec placement = Placements.of(spec);
        pod.put("modelSecret", spec.model().secretRef());
        pod.put("outputSecret", spec.output().secretRef());
        pod.put("nodeSelector", placement.nodeSelector());
        pod.put("tolerations", placement.tolerations());
        pod.put("affinity", placement.affinity());
        pod.put("runtimeClassName", placement.runtimeClassName());
        pod.put("priorityClassName", placement.priorityClassName());
        pod.put("image", placement.image());
        pod.put("activeDeadlineSeconds", spec.activeDeadlineSeconds());
        pod.put("backoffLimit", spec.backoffLimit());
        return hash(CANONICAL.<JsonNode>valueToTree(pod));
    }

    @Override
    public String toString() {
        return restart.isEmpty() ? spec : spec + "-" + restart;
    }

    private static String hash(JsonNode value) {
        try {
            return hash(CANONICAL.writeValueAsString(value));
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException("The spec came from JSON, but does not go back to it.", impossible);
        }
    }

    private static String hash(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, 4);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("Every Java runtime has SHA-256.", impossible);
        }
    }
}
