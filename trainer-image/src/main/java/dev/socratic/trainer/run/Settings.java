package dev.socratic.trainer.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The resource's settings as data: for the report, and for telling runs apart. */
final class Settings {
    private static final JsonMapper JSON = JsonMapper.builder()
            .configure(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY, false)
            .configure(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS, true)
            .build();

    /** What decides the numbers of a training. */
    private static final List<String> TRAINING_RELEVANT =
            List.of("model", "tokenizer", "quantization", "lora", "dataset", "training");

    private final ObjectNode spec;

    Settings(SocraticFineTuneSpec spec) {
        this.spec = JSON.valueToTree(spec);
    }

    /** Leaves by their path, such as {@code lora.r}; what is not set is left out. */
    Map<String, String> flat() {
        Map<String, String> flat = new LinkedHashMap<>();
        flatten("", spec, flat);
        return flat;
    }

    private static void flatten(String path, JsonNode node, Map<String, String> flat) {
        if (node.isObject()) {
            node.properties()
                    .forEach(field -> flatten(
                            path.isEmpty() ? field.getKey() : path + "." + field.getKey(), field.getValue(), flat));
        } else if (!node.isNull() && !node.isMissingNode() && !(node.isArray() && node.isEmpty())) {
            flat.put(path, node.isTextual() ? node.asText() : node.toString());
        }
    }

    /** The part that decides a training's numbers, as text that is equal for equal settings. */
    String trainingRelevant() {
        return spec.deepCopy().retain(TRAINING_RELEVANT).toString();
    }
}
