package dev.socratic.trainer.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.socratic.trainer.failure.TrainerFailure;
import java.util.ArrayList;
import java.util.List;

/**
 * The rotary embedding in {@code config.json}, in either spelling: {@code rope_parameters}, or the older {@code
 * rope_scaling} beside {@code rope_theta}.
 *
 * @param key of the object with the parameters
 * @param parameters that object, or nothing
 * @param theta the base where the parameters do not name one
 */
record RopeSettings(ConfigFile file, String key, JsonNode parameters, double theta) {
    private static final String NEW = "rope_parameters";
    private static final String OLD = "rope_scaling";
    private static final int MAX_POSITIONS = 2048;

    /** One embedding for all layers. */
    static RopeSettings of(ConfigFile file) {
        String key = file.given(OLD) && !file.root().path(OLD).isEmpty() ? OLD : NEW;
        return new RopeSettings(file, key, file.object(key), file.number("rope_theta", 10_000));
    }

    /** That of the layers with one of the two types, in the way of Gemma 3. */
    static RopeSettings of(ConfigFile file, LayerType type) {
        String theta = type == LayerType.FULL_ATTENTION ? "rope_theta" : "rope_local_base_freq";
        double absent = file.number(theta, type == LayerType.FULL_ATTENTION ? 1_000_000 : 10_000);
        if (!file.given(NEW)) {
            JsonNode scaling = type == LayerType.FULL_ATTENTION ? file.object(OLD) : MissingNode.getInstance();
            return new RopeSettings(file, OLD, scaling, absent);
        }
        return new RopeSettings(file, NEW + "." + type.key(), file.object(NEW).path(type.key()), absent);
    }

    /** For heads that are turned as a whole. */
    RopeConfig read(int headDimension) {
        double part = partialRotaryFactor();
        if (part != 1) {
            throw file.invalid("partial_rotary_factor", new DoubleNode(part), "1");
        }
        RopeConfig.Scaling scaling = switch (type()) {
            case "default" -> new RopeConfig.None();
            case "linear" -> new RopeConfig.Linear(positive("factor"));
            case "llama3" ->
                new RopeConfig.Llama3(
                        positive("factor"),
                        positive("low_freq_factor"),
                        positive("high_freq_factor"),
                        originalLength());
            default -> throw unknownType("default, linear or llama3");
        };
        return new RopeConfig(number("rope_theta", theta), even(headDimension), scaling);
    }

    /** For Phi 3, which turns part of a head and has two names for its own scaling. */
    RopeConfig readPhi(int headDimension) {
        int turned = even((int) (headDimension * partialRotaryFactor()));
        RopeConfig.Scaling scaling = switch (type()) {
            case "default" -> new RopeConfig.None();
            case "longrope", "su" -> longRope(turned / 2);
            default -> throw unknownType("default or longrope");
        };
        return new RopeConfig(number("rope_theta", theta), turned, scaling);
    }

    private RopeConfig.LongRope longRope(int frequencies) {
        int original = originalLength();
        double factor = number("factor", (double) file.size("max_position_embeddings", original) / original);
        double computed = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original));
        return new RopeConfig.LongRope(
                factors("short_factor", frequencies),
                factors("long_factor", frequencies),
                original,
                number("attention_factor", computed));
    }

    private List<Double> factors(String name, int count) {
        JsonNode list = parameters.path(name);
        List<Double> factors = new ArrayList<>();
        list.forEach(factor -> factors.add(factor.doubleValue()));
        if (factors.size() != count || factors.stream().anyMatch(factor -> !(factor > 0))) {
            throw file.invalid(key + "." + name, list, count + " numbers above 0");
        }
        return factors;
    }

    private int even(int dimension) {
        if (dimension < 2 || dimension % 2 != 0) {
            throw file.invalid("head_dim", new IntNode(dimension), "an even number of elements that are turned");
        }
        return dimension;
    }

    private String type() {
        return parameters.path("rope_type").asText(parameters.path("type").asText("default"));
    }

    private TrainerFailure unknownType(String allowed) {
        return file.invalid(key + ".rope_type", new TextNode(type()), allowed);
    }

    private double partialRotaryFactor() {
        return number("partial_rotary_factor", file.number("partial_rotary_factor", 1));
    }

    private int originalLength() {
        String name = "original_max_position_embeddings";
        return file.given(name)
                ? file.size(name)
                : (int) number(name, file.size("max_position_embeddings", MAX_POSITIONS));
    }

    private double positive(String name) {
        JsonNode value = parameters.path(name);
        if (!value.isNumber() || !(value.doubleValue() > 0)) {
            throw file.invalid(key + "." + name, value, "a number above 0");
        }
        return value.doubleValue();
    }

    private double number(String name, double absent) {
        return parameters.hasNonNull(name) ? positive(name) : absent;
    }
}
