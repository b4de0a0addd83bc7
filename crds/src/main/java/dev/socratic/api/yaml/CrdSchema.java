package dev.socratic.api.yaml;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The schema of {@code spec} in the CRD that this program was built with. */
public final class CrdSchema {
    private static final String CRD = "/META-INF/socratic/socraticfinetunes.socratic.dev-v1.yml";

    /** 1, 1.0 and 1e0 are one number. */
    private static final Comparator<JsonNode> BY_VALUE = (one, other) -> one.isNumber() && other.isNumber()
            ? one.decimalValue().compareTo(other.decimalValue())
            : one.equals(other) ? 0 : 1;

    private final JsonNode spec;

    private CrdSchema(JsonNode spec) {
        this.spec = spec;
    }

    public static CrdSchema read() {
        try (InputStream crd = CrdSchema.class.getResourceAsStream(CRD)) {
            return new CrdSchema(new YAMLMapper()
                    .readTree(new String(crd.readAllBytes(), StandardCharsets.UTF_8))
                    .at("/spec/versions/0/schema/openAPIV3Schema/properties/spec"));
        } catch (IOException e) {
            throw new UncheckedIOException("The CRD of this program cannot be read: " + e, e);
        }
    }

    JsonNode spec() {
        return spec;
    }

    /** Takes out of a spec what the schema's defaults would put there, so that a given and a filled in default are one. */
    public void removeDefaults(ObjectNode object) {
        removeDefaults(object, spec);
    }

    private static void removeDefaults(ObjectNode object, JsonNode schema) {
        List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        for (String name : names) {
            JsonNode field = schema.path("properties").path(name);
            JsonNode value = object.get(name);
            if (value instanceof ObjectNode child) {
                removeDefaults(child, field);
            }
            if (field.has("default") && value.equals(BY_VALUE, field.get("default"))) {
                object.remove(name);
            }
        }
    }
}
