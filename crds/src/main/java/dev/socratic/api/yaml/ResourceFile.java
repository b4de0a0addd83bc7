package dev.socratic.api.yaml;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.api.v1alpha1.SocraticGroup;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Reads the file that {@code kubectl apply} takes, strictly: types, ranges, names and defaults come from the CRD itself,
 * so that a file means the same on the command line and in a cluster. On the command line file:// is allowed too.
 */
public final class ResourceFile {
    private static final String KIND = "SocraticFineTune";
    private static final String API_VERSION = SocraticGroup.GROUP + "/" + SocraticGroup.VERSION;
    private static final List<String> TOP = List.of("apiVersion", "kind", "metadata", "spec", "status");

    private ResourceFile() {}

    /**
     * The one SocraticFineTune of {@code file}, with defaults applied; documents of other kinds are passed over. Throws
     * {@link InvalidResource} with every problem of the file, or {@link UncheckedIOException} if it cannot be read.
     */
    public static SocraticFineTune read(Path file) {
        try {
            return parse(file.toString(), Files.readString(file));
        } catch (CharacterCodingException e) {
            throw new InvalidResource(file.toString(), List.of(new Problem(1, 1, "", "is not UTF-8 text")));
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot read " + file + ": " + e, e);
        }
    }

    /** As {@link #read}, of text that messages call {@code name}. */
    public static SocraticFineTune parse(String name, String text) {
        YamlDocument document = only(name, YamlDocument.parse(name, text));
        List<Problem> problems = new ArrayList<>(document.problems());
        ObjectNode tree = (ObjectNode) document.tree();
        checkTop(document, tree, problems);
        if (tree.path("spec").isObject()) {
            SchemaCheck check = new SchemaCheck(document);
            check.check(tree.get("spec"), CrdSchema.read().spec(), "spec");
            problems.addAll(check.problems());
            problems.addAll(SpecRules.problems(document));
        } else {
            problems.add(document.atValue("spec", "is missing; allowed: a map with model, dataset and output"));
        }
        if (!problems.isEmpty()) {
            problems.sort(Comparator.comparingInt(Problem::line).thenComparingInt(Problem::column));
            throw new InvalidResource(name, problems.stream().distinct().toList());
        }
        tree.remove("status");
        try {
            return new ObjectMapper().treeToValue(tree, SocraticFineTune.class);
        } catch (JsonProcessingException e) {
            throw new InvalidResource(name, List.of(document.atValue("", e.getOriginalMessage())));
        }
    }

    private static YamlDocument only(String name, List<YamlDocument> documents) {
        List<YamlDocument> maps =
                documents.stream().filter(each -> each.tree().isObject()).toList();
        List<YamlDocument> ours = maps.stream()
                .filter(each ->
                        maps.size() == 1 || each.tree().path("kind").asText().equals(KIND))
                .toList();
        if (ours.size() == 1) {
            return ours.get(0);
        }
        throw new InvalidResource(
                name,
                List.of(new Problem(
                        1, 1, "", "found " + ours.size() + " documents of kind " + KIND + "; allowed: exactly one")));
    }

    private static void checkTop(YamlDocument document, ObjectNode tree, List<Problem> problems) {
        tree.fieldNames().forEachRemaining(field -> {
            if (!TOP.contains(field)) {
                problems.add(document.atKey(
                        field, "unknown field" + Suggestion.text(field, TOP) + "; allowed: " + String.join(", ", TOP)));
            }
        });
        expect(document, tree, "apiVersion", API_VERSION, problems);
        expect(document, tree, "kind", KIND, problems);
        checkMetadata(document, tree.path("metadata"), problems);
    }

    private static void expect(
            YamlDocument document, ObjectNode tree, String field, String value, List<Problem> problems) {
        if (!tree.path(field).asText().equals(value)) {
            problems.add(document.atValue(
                    field,
                    tree.has(field) ? "found " + tree.get(field) + "; allowed: " + value : "is missing: " + value));
        }
    }

    private static void checkMetadata(YamlDocument document, JsonNode metadata, List<Problem> problems) {
        if (metadata.path("name").asText().isEmpty()) {
            problems.add(document.atValue("metadata.name", "is missing: a name for the run"));
            return;
        }
        try {
            new ObjectMapper()
                    .treeToValue(metadata, ObjectMeta.class)
                    .getAdditionalProperties()
                    .keySet()
                    .forEach(field -> problems.add(document.atKey(
                            "metadata." + field, "unknown field; allowed: name, namespace, labels, annotations")));
        } catch (JsonProcessingException e) {
            problems.add(document.atValue("metadata", e.getOriginalMessage()));
        }
    }
}
