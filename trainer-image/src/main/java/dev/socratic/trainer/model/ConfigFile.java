package dev.socratic.trainer.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.socratic.trainer.engine.Activation;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import dev.socratic.trainer.failure.TrainerFailure;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/** Typed access to {@code config.json}: what is missing or out of range is named with the file. */
record ConfigFile(Path file, ObjectNode root) {
    private static final int LARGEST = 1 << 24;
    private static final int MOST_LAYERS = 10_000;

    /** A size of at least 1 that the file must give. */
    int size(String key) {
        return size(root.path(key), key, LARGEST);
    }

    private int size(JsonNode value, String key, int largest) {
        if (!value.isIntegralNumber()
                || !value.canConvertToLong()
                || value.longValue() < 1
                || value.longValue() > largest) {
            throw invalid(key, value, "an integer from 1 to " + largest);
        }
        return value.intValue();
    }

    /** The number of blocks, each of which becomes an object. */
    int layers() {
        String key = "num_hidden_layers";
        return size(root.path(key), key, MOST_LAYERS);
    }

    /** A size that may be left out or null. */
    int size(String key, int absent) {
        return given(key) ? size(key) : absent;
    }

    /** A number of things that may be 0, or left out. */
    int count(String key, int absent) {
        return root.path(key).isIntegralNumber() && root.path(key).longValue() == 0 ? 0 : size(key, absent);
    }

    /** A size that null switches off. */
    int sizeOrOff(String key, int absent) {
        return root.path(key).isNull() ? 0 : size(key, absent);
    }

    double number(String key, double absent) {
        JsonNode value = root.path(key);
        if (!given(key)) {
            return absent;
        }
        if (!value.isNumber() || !Double.isFinite(value.doubleValue())) {
            throw invalid(key, value, "a number");
        }
        return value.doubleValue();
    }

    /** A number that null switches off, as 0 does. */
    double numberOrOff(String key, double absent) {
        return root.path(key).isNull() ? 0 : number(key, absent);
    }

    boolean flag(String key, boolean absent) {
        JsonNode value = root.path(key);
        if (!given(key)) {
            return absent;
        }
        if (!value.isBoolean()) {
            throw invalid(key, value, "true or false");
        }
        return value.booleanValue();
    }

    boolean given(String key) {
        return !root.path(key).isMissingNode() && !root.path(key).isNull();
    }

    Activation activation(String key, String absent) {
        String name = root.path(key).asText(absent);
        return switch (name) {
            case "gelu_pytorch_tanh" -> Activation.GELU_TANH;
            case "silu" -> Activation.SILU;
            default -> throw invalid(key, root.path(key), "gelu_pytorch_tanh or silu");
        };
    }

    /** An object that may be left out. */
    JsonNode object(String key) {
        JsonNode value = root.path(key);
        if (given(key) && !value.isObject()) {
            throw invalid(key, value, "an object");
        }
        return value;
    }

    /** Refuses a feature of the architecture that the decoder lacks and that the file switches on. */
    void mustBeOff(String key) {
        JsonNode value = root.path(key);
        boolean off = !given(key)
                || value.isBoolean() && !value.booleanValue()
                || value.isNumber() && value.doubleValue() == 0;
        if (!off) {
            throw invalid(key, value, value.isBoolean() ? "false" : "0");
        }
    }

    /** The type of each layer from {@code layer_types}, or by a rule where that is absent. */
    List<LayerType> layerTypes(IntPredicate sliding) {
        int layers = layers();
        JsonNode given = root.path("layer_types");
        if (!given("layer_types")) {
            return IntStream.range(0, layers)
                    .mapToObj(layer -> sliding.test(layer) ? LayerType.SLIDING_ATTENTION : LayerType.FULL_ATTENTION)
                    .toList();
        }
        if (given.size() != layers) {
            throw invalid("layer_types", given, layers + " entries");
        }
        List<LayerType> types = new ArrayList<>();
        given.forEach(entry -> types.add(Arrays.stream(LayerType.values())
                .filter(type -> type.key().equals(entry.asText()))
                .findFirst()
                .orElseThrow(() -> invalid("layer_types", entry, "full_attention or sliding_attention"))));
        return types;
    }

    TrainerFailure invalid(String key, JsonNode found, String allowed) {
        return Problem.of(FailureReason.InvalidConfiguration, "the model's configuration cannot be computed")
                .where(file + ": " + key)
                .found(found.isMissingNode() ? "nothing" : found)
                .allowed(allowed)
                .failure();
    }
}
