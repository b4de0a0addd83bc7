package dev.socratic.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** The page that explains every field, made from the CRD's schema: a table for each object. */
final class ResourcePage {
    private static final String COMMAND = "mvn -pl crds test -Dtest=CrdTest -Dcrd.write";
    /** Kubernetes' own types, which its documentation explains. */
    private static final Set<String> NOT_OURS = Set.of("affinity", "tolerations", "conditions");

    private final StringBuilder text = new StringBuilder();

    private ResourcePage() {}

    static String of(JsonNode schema) {
        ResourcePage page = new ResourcePage();
        page.text
                .append("# Every field of a SocraticFineTune\n\n")
                .append("Made from the CRD (")
                .append(COMMAND)
                .append("); in a cluster `kubectl explain sft.spec.lora` says the same. ")
                .append("[The sample](../deploy/samples/gemma-2-2b-jpn-socratic.yaml) sets each of them.\n");
        page.object("spec", schema.at("/properties/spec"));
        page.object("status", schema.at("/properties/status"));
        return page.text.toString();
    }

    private void object(String path, JsonNode schema) {
        text.append("\n## ").append(path).append("\n\n");
        text.append(cell(schema.path("description").asText())).append("\n\n");
        text.append("| field | type | default | meaning |\n|---|---|---|---|\n");
        Set<String> required = texts(schema.path("required"));
        List<Map.Entry<String, JsonNode>> fields =
                new ArrayList<>(schema.path("properties").properties());
        fields.sort(Map.Entry.comparingByKey(Comparator.naturalOrder()));
        fields.forEach(field -> text.append("| `")
                .append(field.getKey())
                .append("` | ")
                .append(type(field.getValue()))
                .append(" | ")
                .append(standard(field.getValue(), required.contains(field.getKey())))
                .append(" | ")
                .append(cell(field.getValue().path("description").asText()))
                .append(" |\n"));
        schema.path("x-kubernetes-validations")
                .forEach(rule -> text.append("\nRefused: ")
                        .append(cell(rule.path("message")
                                .asText(rule.path("messageExpression").asText())))
                        .append(".\n"));
        fields.stream().filter(field -> !NOT_OURS.contains(field.getKey())).forEach(field -> {
            JsonNode inner = field.getValue().has("items") ? field.getValue().get("items") : field.getValue();
            if (inner.has("properties")) {
                object(path + "." + field.getKey(), inner);
            }
        });
    }

    private static String type(JsonNode schema) {
        if (schema.has("enum")) {
            return texts(schema.get("enum")).stream()
                    .map(value -> "`" + value + "`")
                    .collect(Collectors.joining(", "));
        }
        return switch (schema.path("type").asText()) {
            case "object" ->
                schema.has("additionalProperties") ? "map of " + type(schema.get("additionalProperties")) : "object";
            case "array" -> "list of " + type(schema.path("items"));
            case "integer", "number" -> schema.get("type").asText() + range(schema);
            case "" -> "string or map";
            default -> schema.get("type").asText();
        };
    }

    private static String range(JsonNode schema) {
        String least = schema.has("minimum")
                ? (schema.path("exclusiveMinimum").asBoolean() ? " > " : " ≥ ") + plain(schema.get("minimum"))
                : "";
        String most = schema.has("maximum")
                ? (schema.path("exclusiveMaximum").asBoolean() ? " < " : " ≤ ") + plain(schema.get("maximum"))
                : "";
        return least.isEmpty() || most.isEmpty() ? least + most : least + "," + most;
    }

    private static String standard(JsonNode schema, boolean required) {
        JsonNode value = schema.path("default");
        if (value.isMissingNode()) {
            return required ? "required" : "";
        }
        return value.isObject()
                ? ""
                : "`" + (value.isNumber() ? plain(value) : value.isTextual() ? value.asText() : value) + "`";
    }

    private static String plain(JsonNode number) {
        return number.decimalValue().stripTrailingZeros().toPlainString();
    }

    private static String cell(String text) {
        return text.replace("|", "\\|").replace("\n", " ");
    }

    private static Set<String> texts(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false)
                .map(JsonNode::asText)
                .collect(Collectors.toCollection(java.util.LinkedHashSet::new));
    }
}
