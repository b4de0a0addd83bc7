package dev.socratic.api.yaml;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.schema.CoreSchema;

/** A YAML document as a JSON tree that remembers where each field and value is written. */
final class YamlDocument {
    private static final int DEEPEST = 64;

    private final Map<String, Mark> keys = new HashMap<>();
    private final Map<String, Mark> values = new HashMap<>();
    private final List<Problem> problems = new ArrayList<>();
    private final JsonNode tree;

    private YamlDocument(Node root) {
        tree = convert(root, "", 0);
    }

    /** The documents of {@code text}; broken YAML is an {@link InvalidResource} of {@code file}. */
    static List<YamlDocument> parse(String file, String text) {
        LoadSettings settings = LoadSettings.builder()
                .setLabel(file)
                .setSchema(new CoreSchema())
                .build();
        List<YamlDocument> documents = new ArrayList<>();
        try {
            new Compose(settings).composeAllFromString(text).forEach(node -> documents.add(new YamlDocument(node)));
        } catch (MarkedYamlEngineException e) {
            Optional<Mark> mark = e.getProblemMark();
            throw new InvalidResource(
                    file,
                    List.of(new Problem(
                            mark.map(YamlDocument::line).orElse(1),
                            mark.map(YamlDocument::column).orElse(1),
                            "",
                            "this is not YAML: " + e.getProblem())));
        }
        return documents;
    }

    JsonNode tree() {
        return tree;
    }

    /** What was wrong with the YAML itself, such as a key given twice. */
    List<Problem> problems() {
        return List.copyOf(problems);
    }

    Problem atKey(String path, String message) {
        return at(keys, path, message);
    }

    Problem atValue(String path, String message) {
        return at(values, path, message);
    }

    private Problem at(Map<String, Mark> marks, String path, String message) {
        String written = path;
        while (!marks.containsKey(written) && !written.isEmpty()) {
            written = written.substring(0, Math.max(Math.max(written.lastIndexOf('.'), written.lastIndexOf('[')), 0));
        }
        Mark mark = marks.getOrDefault(written, values.get(""));
        return new Problem(line(mark), column(mark), path, message);
    }

    static String child(String path, String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    private JsonNode convert(Node node, String path, int depth) {
        node.getStartMark().ifPresent(mark -> values.put(path, mark));
        if (depth > DEEPEST) {
            problems.add(atValue(path, "is nested more than " + DEEPEST + " levels deep"));
            return JsonNodeFactory.instance.nullNode();
        }
        if (node instanceof MappingNode mapping) {
            ObjectNode object = JsonNodeFactory.instance.objectNode();
            for (NodeTuple tuple : mapping.getValue()) {
                if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
                    problems.add(atValue(path, "has a key that is not plain text"));
                    continue;
                }
                String childPath = child(path, key.getValue());
                key.getStartMark().ifPresent(mark -> keys.put(childPath, mark));
                if (object.has(key.getValue())) {
                    problems.add(atKey(childPath, "is given twice; keep one"));
                }
                object.set(key.getValue(), convert(tuple.getValueNode(), childPath, depth + 1));
            }
            return object;
        }
        if (node instanceof SequenceNode sequence) {
            ArrayNode array = JsonNodeFactory.instance.arrayNode();
            for (Node item : sequence.getValue()) {
                array.add(convert(item, path + "[" + array.size() + "]", depth + 1));
            }
            return array;
        }
        return scalar((ScalarNode) node);
    }

    private static JsonNode scalar(ScalarNode node) {
        JsonNodeFactory json = JsonNodeFactory.instance;
        String text = node.getValue();
        if (node.getTag().equals(Tag.NULL)) {
            return json.nullNode();
        }
        if (node.getTag().equals(Tag.BOOL)) {
            return json.booleanNode(text.equalsIgnoreCase("true"));
        }
        if (node.getTag().equals(Tag.INT) && text.matches("[-+]?[0-9]{1,18}")) {
            return json.numberNode(Long.parseLong(text));
        }
        if (node.getTag().equals(Tag.FLOAT) && text.matches("[-+.0-9eE]+")) {
            return json.numberNode(Double.parseDouble(text));
        }
        return json.textNode(text);
    }

    private static int line(Mark mark) {
        return mark.getLine() + 1;
    }

    private static int column(Mark mark) {
        return mark.getColumn() + 1;
    }
}
