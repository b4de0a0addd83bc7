package dev.socratic.local;

import com.fasterxml.jackson.databind.JsonNode;
import dev.socratic.api.v1alpha1.SocraticFineTune;
import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/** The last words of a run: where its results lie, and how a reply changed; or what went wrong. */
final class Conclusion {
    private static final String REPLIES = "replies.json";
    private static final int INTERNAL = 70;
    private static final int NOT_REACHABLE = 66;

    private final LocalCluster cluster;
    private final FineTuneFile file;
    private final Consumer<String> tell;

    Conclusion(LocalCluster cluster, FineTuneFile file, Consumer<String> tell) {
        this.cluster = cluster;
        this.file = file;
        this.tell = tell;
    }

    /**
     * Tells how the run ended.
     *
     * @return exit status: 0, or the trainer's
     */
    int tell(RunEnd end) {
        tell.accept("");
        if (end.kind() == RunEnd.Kind.SUCCEEDED) {
            results();
            return 0;
        }
        tell.accept(end.reason() + ": " + end.message());
        latestPod()
                .ifPresent(pod -> tell.accept("log       "
                        + cluster.directory()
                                .pods()
                                .resolve(file.namespace() + "_"
                                        + pod.getMetadata().getName())
                                .resolve("log")));
        return end.kind() == RunEnd.Kind.BLOCKED ? NOT_REACHABLE : exitCode();
    }

    private void results() {
        SocraticFineTune resource = cluster.client()
                .resources(SocraticFineTune.class)
                .inNamespace(file.namespace())
                .withName(file.name())
                .get();
        var status = resource.getStatus();
        String uri = status.adapter() == null
                ? file.resource().getSpec().output().uri()
                : status.adapter().uri();
        tell.accept("adapter   " + here(uri));
        if (status.report() != null) {
            tell.accept("report    " + here(status.report()));
        }
        cluster.folderOf(file.namespace(), uri)
                .map(folder -> folder.resolve(REPLIES))
                .filter(Files::isRegularFile)
                .ifPresent(this::replies);
    }

    private String here(String uri) {
        return cluster.folderOf(file.namespace(), uri).map(Path::toString).orElse(uri);
    }

    private void replies(Path path) {
        JsonNode replies;
        try {
            replies = Serialization.jsonMapper().readTree(path.toFile());
        } catch (IOException e) {
            tell.accept("cannot read " + path + ": " + e.getMessage());
            return;
        }
        JsonNode shown = mostTelling(replies.path("prompts"));
        if (shown != null) {
            tell.accept("");
            tell.accept("prompt    " + oneLine(shown, "prompt"));
            tell.accept("before    " + oneLine(shown, "before"));
            tell.accept("after     " + oneLine(shown, "after"));
            tell.accept("");
        }
        tell.accept("questions: " + share(replies.path("questions")) + "; on the subject: "
                + share(replies.path("onSubject")));
    }

    /** The first reply that became a question; otherwise the first. */
    private static JsonNode mostTelling(JsonNode prompts) {
        for (JsonNode each : prompts) {
            if (!isQuestion(each.path("before").asText())
                    && isQuestion(each.path("after").asText())) {
                return each;
            }
        }
        return prompts.get(0);
    }

    private static boolean isQuestion(String reply) {
        return reply.strip().endsWith("？")
                || reply.strip().endsWith("?")
                || reply.strip().endsWith("か。");
    }

    private static String oneLine(JsonNode reply, String field) {
        return reply.path(field).asText().strip().replaceAll("\\s*\\R\\s*", " ");
    }

    private static String share(JsonNode share) {
        int of = share.path("of").asInt();
        return share.path("before").asInt() + " of " + of + " before, "
                + share.path("after").asInt() + " of " + of + " after";
    }

    private int exitCode() {
        return latestPod()
                .flatMap(Conclusion::termination)
                .map(ContainerStateTerminated::getExitCode)
                .filter(code -> code != 0)
                .orElse(INTERNAL);
    }

    private Optional<Pod> latestPod() {
        return cluster
                .client()
                .pods()
                .inNamespace(file.namespace())
                .withLabel("socratic.dev/finetune", file.name())
                .list()
                .getItems()
                .stream()
                .max(Comparator.comparing(pod -> pod.getMetadata().getCreationTimestamp()));
    }

    private static Optional<ContainerStateTerminated> termination(Pod pod) {
        return pod.getStatus().getContainerStatuses().stream()
                .map(status -> status.getState().getTerminated())
                .filter(Objects::nonNull)
                .findFirst();
    }
}
