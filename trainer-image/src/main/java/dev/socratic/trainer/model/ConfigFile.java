package dev.socratic.trainer.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.socratic.trainer.engine.Activation;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import dev.socratic.trainer.failure.TrainerFailure;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Typed access to {@code config.json}: what is missing or out of range is named with the file. */
record ConfigFile(Path file, ObjectNode root) {
    private static final int LARGEST = 1 << 24;

    /** A size of at least 1 that the file must give. */
    int size(String key) {
        JsonNode value = root.path(key);
        if (!value.isIntegralNumber() || value.longValue() < 1 || value.longValue() > LARGEST) {
            throw invalid(key, value, "an integer from 1 to " + LARGEST);
        }
        return value.intValue();
    }

    /** A size that may be left out or null. */
    int size(String key, int absent) {
        return given(key) ? size(key) : absent;
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

    /** Window of each layer from {@code layer_types}; where that is absent, every {@code period}-th layer is full. */
    List<Integer> windows(int layers, int window, int period) {
        JsonNode types = root.path("layer_types");
        if (given("layer_types") && types.size() != layers) {
            throw invalid("layer_types", types, layers + " entries");
        }
        List<Integer> windows = new ArrayList<>();
        for (int i = 0; i < layers; i++) {
            String type = types.path(i).asText((i + 1) % period == 0 ? "full_attention" : "sliding_attention");
            windows.add(
                    switch (type) {
                        case "sliding_attention" -> window;
                        case "full_attention" -> 0;
                        default -> throw invalid("layer_types", types.path(i), "sliding_attention or full_attention");
                    });
        }
        return windows;
    }

    /** The rotary embedding, from {@code rope_parameters} or from the older {@code rope_theta} and {@code rope_scaling}. */
    RopeConfig rope(double absentTheta) {
        String key = given("rope_parameters") ? "rope_parameters" : "rope_scaling";
        JsonNode parameters = given(key) ? root.path(key) : MissingNode.getInstance();
        double theta = parameters.path("rope_theta").asDouble(number("rope_theta", absentTheta));
        String type =
                parameters.path("rope_type").asText(parameters.path("type").asText("default"));
        RopeConfig.Scaling scaling = switch (type) {
            case "default" -> new RopeConfig.None();
            case "linear" -> new RopeConfig.Linear(positive(key, parameters, "factor"));
            case "llama3" ->
                new RopeConfig.Llama3(
                        positive(key, parameters, "factor"),
                        positive(key, parameters, "low_freq_factor"),
                        positive(key, parameters, "high_freq_factor"),
                        (int) positive(key, parameters, "original_max_position_embeddings"));
            default -> throw invalid(key + ".rope_type", parameters.path("rope_type"), "default, linear or llama3");
        };
        return new RopeConfig(theta, scaling);
    }

    private double positive(String key, JsonNode parameters, String name) {
        JsonNode value = parameters.path(name);
        if (!value.isNumber() || !(value.doubleValue() > 0)) {
            throw invalid(key + "." + name, value, "a number above 0");
        }
        return value.doubleValue();
    }

    TrainerFailure invalid(String key, JsonNode found, String allowed) {
        return Problem.of(FailureReason.InvalidConfiguration, "the model's configuration cannot be computed")
                .where(file + ": " + key)
                .found(found.isMissingNode() ? "nothing" : found)
                .allowed(allowed)
                .failure();
    }
}
