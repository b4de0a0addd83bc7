package dev.socratic.operator.observe;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.KubernetesResource;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Reads the object of a watch's event into its class as it comes. The client itself first makes a tree of all its fields,
 * to see what it is; the API server says so in the first two.
 */
final class ObservedObject extends JsonDeserializer<KubernetesResource> {
    private static final String VERSION = "apiVersion";
    private static final String KIND = "kind";
    private static final Set<String> TYPE = Set.of(VERSION, KIND);

    private final Map<Map<String, String>, Class<? extends KubernetesResource>> kinds =
            ObservedFields.KINDS.stream().collect(Collectors.toMap(ObservedObject::type, Function.identity()));

    @Override
    public KubernetesResource deserialize(JsonParser json, DeserializationContext context) throws IOException {
        Map<String, String> type = new HashMap<>();
        String field = json.nextFieldName();
        while (field != null && TYPE.contains(field)) {
            type.put(field, json.nextTextValue());
            field = json.nextFieldName();
        }
        return type.keySet().equals(TYPE) ? asItComes(type, json, context) : throughTree(type, json, context);
    }

    private KubernetesResource asItComes(Map<String, String> type, JsonParser json, DeserializationContext context)
            throws IOException {
        Class<? extends KubernetesResource> known = kinds.get(type);
        return known == null
                ? throughTree(type, json, context)
                : (KubernetesResource) context.findRootValueDeserializer(context.constructType(known))
                        .deserialize(json, context);
    }

    private KubernetesResource throughTree(Map<String, String> type, JsonParser json, DeserializationContext context)
            throws IOException {
        ObjectNode object = (ObjectNode) context.readTree(json);
        type.forEach(object::put);
        Map<String, String> found = Map.of(
                VERSION, object.path(VERSION).asText(), KIND, object.path(KIND).asText());
        return context.readTreeAsValue(object, kinds.getOrDefault(found, GenericKubernetesResource.class));
    }

    private static Map<String, String> type(Class<?> kind) {
        return Map.of(VERSION, HasMetadata.getApiVersion(kind), KIND, HasMetadata.getKind(kind));
    }
}
