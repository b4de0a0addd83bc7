package dev.socratic.trainer.engine;

import ai.djl.ndarray.NDArray;
import java.util.Optional;

/**
 * One linear layer.
 *
 * @param name its module name, such as {@code model.layers.0.self_attn.q_proj}
 * @param compute the type that the product with the frozen weight is computed in
 * @param bias [out]
 * @param biasGradient float32 [out] where the bias is trained; backward passes add to it
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
}
