package dev.socratic.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Kubernetes objects as files and tools hold them: by kind, namespace and name, whatever their order. */
public final class Manifests {
    private static final YAMLMapper YAML = YAMLMapper.builder(YAMLFactory.builder()
                    .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
                    .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
                    .enable(YAMLGenerator.Feature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS)
                    .build())
            .build();

    private Manifests() {}

    /** The objects in {@code documents}, keyed {@code Kind namespace/name} or {@code Kind name}. */
    public static Map<String, ObjectNode> parse(String documents) {
        Map<String, ObjectNode> objects = new TreeMap<>();
        try (var iterator = YAML.readerFor(JsonNode.class).<JsonNode>readValues(documents)) {
            iterator.forEachRemaining(document -> {
                if (document instanceof ObjectNode object) {
                    assertThat(objects.put(key(object), object))
                            .as("two objects %s", key(object))
                            .isNull();
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return objects;
    }

    public static Map<String, ObjectNode> read(Path file) {
        try {
            return parse(Files.readString(file));
        } catch (IOException e) {
            throw new UncheckedIOException(file.toString(), e);
        }
    }

    public static JsonNode readTree(Path file) {
        try {
            return YAML.readTree(Files.readString(file));
        } catch (IOException e) {
            throw new UncheckedIOException(file.toString(), e);
        }
    }

    /** As one file of documents. */
    public static String write(Map<String, ObjectNode> objects) {
        return objects.values().stream().map(Manifests::write).collect(Collectors.joining("---\n"));
    }

    public static String write(JsonNode object) {
        try {
            return YAML.writeValueAsString(object);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String key(ObjectNode object) {
        JsonNode metadata = object.path("metadata");
        String namespace = metadata.path("namespace").asText();
        String name = metadata.path("name").asText();
        return object.path("kind").asText() + " " + (namespace.isEmpty() ? name : namespace + "/" + name);
    }
}
