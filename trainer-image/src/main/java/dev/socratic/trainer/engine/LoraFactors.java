package dev.socratic.trainer.engine;

import ai.djl.ndarray.NDArray;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The trainable part of a linear layer, {@code scaling * B A}: float32 views into its device's flat buffers.
 *
 * @param a [r, in]
 * @param b [out, r]
 * @param aGradient like a; backward passes add to it
 * @param bGradient like b
 * @param magnitude of each row of the layer's weight, trained apart from its direction (DoRA)
 */
public record LoraFactors(
        NDArray a, NDArray b, NDArray aGradient, NDArray bGradient, double scaling, Optional<Magnitude> magnitude) {
    /** @param value [out] */
    public record Magnitude(NDArray value, NDArray gradient) {}

    public LoraFactors(NDArray a, NDArray b, NDArray aGradient, NDArray bGradient, double scaling) {
        this(a, b, aGradient, bGradient, scaling, Optional.empty());
    }

    List<NDArray> factors() {
        return Stream.concat(Stream.of(a, b), magnitude.stream().map(Magnitude::value))
                .toList();
    }

    List<NDArray> factorsAndGradients() {
        return Stream.concat(
                        Stream.of(a, b, aGradient, bGradient),
                        magnitude.stream().flatMap(m -> Stream.of(m.value, m.gradient)))
                .toList();
    }
}
