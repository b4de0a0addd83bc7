package dev.socratic.trainer.model;

import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import dev.socratic.trainer.placement.ModelShape;
import java.util.List;
import java.util.Locale;

/** The linear layers that a block can have. */
enum LinearModule {
    Q_PROJ("self_attn"),
    K_PROJ("self_attn"),
    V_PROJ("self_attn"),
    /** Queries, keys and values in one, in this order. */
    QKV_PROJ("self_attn"),
    O_PROJ("self_attn"),
    GATE_PROJ("mlp"),
    UP_PROJ("mlp"),
    /** Gate and up in one. */
    GATE_UP_PROJ("mlp"),
    DOWN_PROJ("mlp");

    private final String parent;

    LinearModule(String parent) {
        this.parent = parent;
    }

    String shortName() {
        return name().toLowerCase(Locale.ROOT);
    }

    String path() {
        return parent + "." + shortName();
    }

    int inputs(ModelConfig config) {
        return switch (this) {
            case O_PROJ -> config.heads().queryWidth();
            case DOWN_PROJ -> config.intermediateSize();
            default -> config.hiddenSize();
        };
    }

    int outputs(ModelConfig config) {
        return switch (this) {
            case Q_PROJ -> config.heads().queryWidth();
            case K_PROJ, V_PROJ -> config.heads().keyValueWidth();
            case QKV_PROJ -> config.heads().queryWidth() + 2 * config.heads().keyValueWidth();
            case GATE_PROJ, UP_PROJ -> config.intermediateSize();
            case GATE_UP_PROJ -> 2 * config.intermediateSize();
            case O_PROJ, DOWN_PROJ -> config.hiddenSize();
        };
    }

    boolean hasBias(ModelConfig.Biases biases) {
        return switch (this) {
            case Q_PROJ, K_PROJ, V_PROJ, QKV_PROJ -> biases.queryKeyValue();
            case O_PROJ -> biases.output();
            case GATE_PROJ, UP_PROJ, GATE_UP_PROJ, DOWN_PROJ -> biases.mlp();
        };
    }

    ModelShape.LinearShape shape(ModelConfig config) {
        int outputs = outputs(config);
        return new ModelShape.LinearShape(path(), inputs(config), outputs, hasBias(config.biases()) ? outputs : 0);
    }

    /** Those of a model's modules that {@code spec.lora.targetModules} names, in their order. */
    static List<LinearModule> targeted(List<String> names, List<LinearModule> modules) {
        List<String> known = modules.stream().map(LinearModule::shortName).toList();
        names.stream()
                .filter(name -> !known.contains(name) && !name.equals(ModelShape.ALL_LINEAR))
                .findFirst()
                .ifPresent(name -> {
                    throw unknown(name, known);
                });
        return modules.stream()
                .filter(module -> names.contains(ModelShape.ALL_LINEAR) || names.contains(module.shortName()))
                .toList();
    }

    private static RuntimeException unknown(String name, List<String> known) {
        return Problem.of(FailureReason.InvalidConfiguration, "the model has no linear layer of this name")
                .where("spec.lora.targetModules")
                .found(name)
                .allowed(String.join(", ", known) + ", or " + ModelShape.ALL_LINEAR)
                .failure();
    }
}
