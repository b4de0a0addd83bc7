package dev.socratic.trainer.engine;

import ai.djl.ndarray.NDArray;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * One linear layer.
 *
 * @param name its module name, such as {@code model.layers.0.self_attn.q_proj}
 * @param compute the type that the product with the frozen weight is computed in
 * @param bias [out]
 * @param biasGradient [out] where the bias is trained; backward passes add to it, in its type
 */
public record Linear(
        String name,
        Weight weight,
        Precision compute,
        Optional<NDArray> bias,
        Optional<LoraFactors> lora,
        Optional<NDArray> biasGradient) {
    public Linear(String name, Weight weight, Precision compute, Optional<NDArray> bias, Optional<LoraFactors> lora) {
        this(name, weight, compute, bias, lora, Optional.empty());
    }

    /** What layers read, as far as a backward pass reads it again: that of adapters does. Otherwise x is closed. */
    public static Optional<NDArray> read(NDArray x, List<Linear> layers) {
        if (adapted(layers)) {
            return Optional.of(x);
        }
        x.close();
        return Optional.empty();
    }

    /** The same of what has to be computed first. */
    public static Optional<NDArray> again(List<Linear> layers, Supplier<NDArray> x) {
        return adapted(layers) ? Optional.of(x.get()) : Optional.empty();
    }

    private static boolean adapted(List<Linear> layers) {
        return layers.stream().anyMatch(layer -> layer.lora.isPresent());
    }
}
