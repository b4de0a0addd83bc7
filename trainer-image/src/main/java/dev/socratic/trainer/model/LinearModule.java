package dev.socratic.trainer.model;

import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** The linear layers of a block, in the order in which transformers names its modules. */
enum LinearModule {
    Q_PROJ("self_attn"),
    K_PROJ("self_attn"),
    V_PROJ("self_attn"),
    O_PROJ("self_attn"),
    GATE_PROJ("mlp"),
    UP_PROJ("mlp"),
    DOWN_PROJ("mlp");

    /** PEFT's shorthand for every linear layer but the head. */
    private static final String ALL = "all-linear";

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
            case O_PROJ -> config.heads() * config.headDimension();
            case DOWN_PROJ -> config.intermediateSize();
            default -> config.hiddenSize();
        };
    }

    int outputs(ModelConfig config) {
        return switch (this) {
            case Q_PROJ -> config.heads() * config.headDimension();
            case K_PROJ, V_PROJ -> config.keyValueHeads() * config.headDimension();
            case GATE_PROJ, UP_PROJ -> config.intermediateSize();
            case O_PROJ, DOWN_PROJ -> config.hiddenSize();
        };
    }

    boolean hasBias(ModelConfig.Biases biases) {
        return switch (this) {
            case Q_PROJ, K_PROJ, V_PROJ -> biases.queryKeyValue();
            case O_PROJ -> biases.output();
            case GATE_PROJ, UP_PROJ, DOWN_PROJ -> biases.mlp();
        };
    }

    /** The modules that {@code spec.lora.targetModules} names, in module order. */
    static Set<LinearModule> targeted(List<String> names) {
        if (names.contains(ALL)) {
            return EnumSet.allOf(LinearModule.class);
        }
        Set<LinearModule> modules = EnumSet.noneOf(LinearModule.class);
        for (String name : names) {
            modules.add(Arrays.stream(values())
                    .filter(module -> module.shortName().equals(name))
                    .findFirst()
                    .orElseThrow(() -> Problem.of(FailureReason.InvalidConfiguration, "no linear layer has this name")
                            .where("spec.lora.targetModules")
                            .found(name)
                            .allowed(Arrays.stream(values())
                                            .map(LinearModule::shortName)
                                            .collect(Collectors.joining(", "))
                                    + ", or " + ALL)
                            .failure()));
        }
        return modules;
    }
}
