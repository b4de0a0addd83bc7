package dev.socratic.api.v1alpha1.spec;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * A device map as transformers takes it: the name of a strategy, or an explicit map from module name to device.
 *
 * @param strategy the strategy, or null where {@code modules} says everything
 * @param modules device ("0", "1", …, "cpu") by module name such as {@code model.layers.0}; empty for a strategy
 */
public record DeviceMapSpec(DeviceMapStrategy strategy, Map<String, String> modules) {
    public DeviceMapSpec {
        modules = Collections.unmodifiableMap(new LinkedHashMap<>(modules));
    }

    /**
     * Reads a name or a map. Anything else becomes the device of a module with an empty name, which no model has: an
     * odd value must end as the error of one resource, not break the watch over all of them.
     */
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static DeviceMapSpec of(Object value) {
        if (value instanceof Map<?, ?> map) {
            Map<String, String> modules = new LinkedHashMap<>();
            map.forEach((module, device) -> modules.put(String.valueOf(module), String.valueOf(device)));
            return new DeviceMapSpec(null, modules);
        }
        String text = String.valueOf(value);
        return Arrays.stream(DeviceMapStrategy.values())
                .filter(strategy -> json(strategy).equals(text))
                .findFirst()
                .map(strategy -> new DeviceMapSpec(strategy, Map.of()))
                .orElseGet(() -> new DeviceMapSpec(null, Map.of("", text)));
    }

    @JsonValue
    public Object json() {
        return strategy == null ? modules : json(strategy);
    }

    private static String json(DeviceMapStrategy strategy) {
        return strategy.name().toLowerCase(Locale.ROOT);
    }
}
