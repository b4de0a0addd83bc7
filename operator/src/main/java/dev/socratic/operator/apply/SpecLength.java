package dev.socratic.operator.apply;

import com.fasterxml.jackson.databind.JsonNode;
import dev.socratic.operator.decide.Refusal;
import dev.socratic.operator.run.Run;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** How long a spec may be: its pod carries it in an annotation, and the API server bounds those of an object in all. */
final class SpecLength {
    /** The API server's 256 KiB, less what Kueue and admission webhooks may add to the pod. */
    static final int MOST_BYTES = 240 * 1024;

    private SpecLength() {}

    /** Why {@code job} cannot carry its spec, and which field makes it so long; empty if it can. */
    static Optional<Refusal> refusal(Run run, Job job) {
        int bytes = job.getSpec()
                .getTemplate()
                .getMetadata()
                .getAnnotations()
                .get(TrainerConfig.ANNOTATION)
                .getBytes(StandardCharsets.UTF_8)
                .length;
        if (bytes <= MOST_BYTES) {
            return Optional.empty();
        }
        Field longest = longest(Serialization.jsonMapper().valueToTree(run.spec()));
        return Optional.of(new Refusal(
                Refusal.Cause.TOO_LONG,
                Creation.words(job),
                "%s is %d bytes long, and the spec in all %d; allowed: %d in all, as the run's pod carries it."
                        .formatted(longest.path(), longest.bytes(), bytes, MOST_BYTES)));
    }

    private static Field longest(JsonNode spec) {
        List<Field> fields = new ArrayList<>();
        spec.fields()
                .forEachRemaining(section -> section.getValue()
                        .fields()
                        .forEachRemaining(field -> fields.add(new Field(
                                "spec." + section.getKey() + "." + field.getKey(),
                                field.getValue().toString().getBytes(StandardCharsets.UTF_8).length))));
        return fields.stream().max(Comparator.comparingInt(Field::bytes)).orElseThrow();
    }

    private record Field(String path, int bytes) {}
}
