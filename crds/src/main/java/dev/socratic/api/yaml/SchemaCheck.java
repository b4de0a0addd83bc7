package dev.socratic.api.yaml;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;

/**
 * Holds a document against an OpenAPI schema as the API server does: fills in the schema's defaults and reports unknown
 * fields, wrong types, values out of range and missing fields.
 */
final class SchemaCheck {
    private final YamlDocument document;
    private final List<Problem> problems = new ArrayList<>();

    SchemaCheck(YamlDocument document) {
        this.document = document;
    }

    List<Problem> problems() {
        return problems;
    }

    /** Checks {@code value} at {@code path} and fills in defaults below it. */
    void check(JsonNode value, JsonNode schema, String path) {
        if (!schema.has("type")) {
            checkAnyType(value, schema, path);
            return;
        }
        if (!hasType(value, schema.get("type").asText())) {
            wrongValue(value, schema, path);
        } else if (value.isObject()) {
            checkObject((ObjectNode) value, schema, path);
        } else if (value.isArray()) {
            checkSize(value.size(), "items", schema, "Items", path);
            for (int i = 0; i < value.size(); i++) {
                check(value.get(i), schema.path("items"), path + "[" + i + "]");
            }
        } else if (value.isTextual()) {
            checkText(value, schema, path);
        } else if (value.isNumber() && !inRange(value.asDouble(), schema)) {
            wrongValue(value, schema, path);
        }
    }

    /** A value without one type is text that matches the schema's pattern, or a map. */
    private void checkAnyType(JsonNode value, JsonNode schema, String path) {
        boolean map = value.isObject() && !value.isEmpty();
        boolean text = value.isTextual()
                && value.asText().matches(schema.path("pattern").asText(".*"));
        if (!map && !text) {
            String names =
                    schema.path("pattern").asText().replaceAll("[\\^$()]", "").replace("|", ", ");
            problems.add(document.atValue(
                    path,
                    "found " + value + "; allowed: " + names + ", or a map"
                            + Suggestion.text(value.asText(), List.of(names.split(", ")))));
        }
    }

    private void checkText(JsonNode value, JsonNode schema, String path) {
        List<String> names = texts(schema.path("enum"));
        if (!names.isEmpty() && !names.contains(value.asText())) {
            problems.add(document.atValue(
                    path,
                    "found " + value + "; allowed: " + String.join(", ", names)
                            + Suggestion.text(value.asText(), names)));
        }
        checkSize(value.asText().codePointCount(0, value.asText().length()), "characters", schema, "Length", path);
    }

    private void checkObject(ObjectNode object, JsonNode schema, String path) {
        checkSize(object.size(), "entries", schema, "Properties", path);
        JsonNode known = schema.path("properties");
        List<String> names = new ArrayList<>();
        known.fieldNames().forEachRemaining(names::add);
        List<String> given = new ArrayList<>();
        object.fieldNames().forEachRemaining(given::add);
        for (String name : given) {
            String childPath = YamlDocument.child(path, name);
            JsonNode child = known.has(name) ? known.get(name) : schema.get("additionalProperties");
            if (child == null) {
                unknownField(childPath, name, names);
            } else if (object.get(name).isNull() && known.has(name)) {
                object.remove(name);
            } else {
                check(object.get(name), child, childPath);
            }
        }
        for (String name : names) {
            if (!object.has(name) && known.get(name).has("default")) {
                JsonNode standard = known.get(name).get("default").deepCopy();
                object.set(name, standard);
                check(standard, known.get(name), YamlDocument.child(path, name));
            }
        }
        for (String name : texts(schema.path("required"))) {
            if (!object.has(name)) {
                String childPath = YamlDocument.child(path, name);
                problems.add(document.atKey(
                        childPath,
                        "is missing: " + known.path(name).path("description").asText()));
            }
        }
    }

    private void unknownField(String path, String name, List<String> names) {
        problems.add(document.atKey(
                path, "unknown field" + Suggestion.text(name, names) + "; allowed: " + String.join(", ", names)));
    }

    private void wrongValue(JsonNode value, JsonNode schema, String path) {
        problems.add(document.atValue(path, "found " + shown(value) + "; allowed: " + allowed(schema)));
    }

    private void checkSize(int size, String unit, JsonNode schema, String limit, String path) {
        long least = schema.path("min" + limit).asLong(0);
        long most = schema.path("max" + limit).asLong(Long.MAX_VALUE);
        if (size < least) {
            problems.add(document.atValue(path, "has " + size + " " + unit + "; allowed: at least " + least));
        } else if (size > most) {
            problems.add(document.atValue(path, "has " + size + " " + unit + "; allowed: at most " + most));
        }
    }

    private static boolean hasType(JsonNode value, String type) {
        return switch (type) {
            case "object" -> value.isObject();
            case "array" -> value.isArray();
            case "string" -> value.isTextual();
            case "boolean" -> value.isBoolean();
            case "integer" -> value.isNumber() && value.asDouble() == Math.rint(value.asDouble());
            case "number" -> value.isNumber() && Double.isFinite(value.asDouble());
            default -> throw new IllegalStateException("The CRD has a type this reader does not know: " + type);
        };
    }

    private static boolean inRange(double value, JsonNode schema) {
        double least = schema.path("minimum").asDouble(Double.NEGATIVE_INFINITY);
        double most = schema.path("maximum").asDouble(Double.POSITIVE_INFINITY);
        return (schema.path("exclusiveMinimum").asBoolean() ? value > least : value >= least)
                && (schema.path("exclusiveMaximum").asBoolean() ? value < most : value <= most);
    }

    private static String allowed(JsonNode schema) {
        if (schema.has("enum")) {
            return String.join(", ", texts(schema.get("enum")));
        }
        String type = switch (schema.get("type").asText()) {
            case "object" -> "a map";
            case "array" -> "a list";
            case "string" -> "text";
            case "boolean" -> "true or false";
            case "integer" -> "a whole number";
            default -> "a number";
        };
        String least = schema.has("minimum")
                ? (schema.path("exclusiveMinimum").asBoolean() ? " above " : " of at least ")
                        + plain(schema.get("minimum"))
                : "";
        String most = schema.has("maximum")
                ? (schema.path("exclusiveMaximum").asBoolean() ? " and below " : " and at most ")
                        + plain(schema.get("maximum"))
                : "";
        return type + least + most;
    }

    private static String plain(JsonNode number) {
        return number.decimalValue().stripTrailingZeros().toPlainString();
    }

    private static String shown(JsonNode value) {
        return value.isObject() ? "a map" : value.isArray() ? "a list" : value.toString();
    }

    private static List<String> texts(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false)
                .map(JsonNode::asText)
                .toList();
    }
}
