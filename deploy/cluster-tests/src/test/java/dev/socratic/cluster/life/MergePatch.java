package dev.socratic.cluster.life;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.utils.Serialization;

/** A JSON merge patch on an object that is not in the cluster yet. Source: RFC 7396. */
final class MergePatch {
    private MergePatch() {}

    static JsonNode apply(JsonNode target, String patch) {
        return merge(target, Serialization.unmarshal(patch, JsonNode.class));
    }

    private static JsonNode merge(JsonNode target, JsonNode patch) {
        if (!(patch instanceof ObjectNode changes) || !(target instanceof ObjectNode object)) {
            return patch;
        }
        changes.properties().forEach(change -> {
            if (change.getValue().isNull()) {
                object.remove(change.getKey());
            } else {
                object.set(change.getKey(), merge(object.get(change.getKey()), change.getValue()));
            }
        });
        return object;
    }
}
