package dev.socratic.trainer.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.socratic.api.v1alpha1.spec.Attention;
import dev.socratic.api.v1alpha1.spec.Dtype;
import dev.socratic.trainer.bench.BenchSettings.Parts;
import dev.socratic.trainer.bench.BenchSettings.Weights;
import dev.socratic.trainer.placement.Kernels;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The tiny model on the CPU: what is measured is there, and is of the run that was asked for. */
class BenchTest {
    @TempDir
    Path cache;

    @ParameterizedTest
    @CsvSource({"NF4, ALL, 4Gi, 3", "PLAIN, ALL, 4Gi, 3", "NF4, INPUTS, 1500Ki, 1"})
    void measuresTheTinyModel(Weights weights, String activations, String cap, int rowsAtOnce) {
        Map<String, Object> result = new Bench(
                        new BenchSettings(
                                Preset.TINY,
                                3,
                                40,
                                0,
                                Optional.of(cap),
                                Dtype.FLOAT32,
                                weights,
                                Attention.EAGER,
                                0.1,
                                1,
                                4,
                                Parts.MEASURED,
                                Kernels.OURS,
                                Optional.empty()),
                        cache)
                .run();
        assertThat(result)
                .containsEntry("kernels", "torch")
                .containsEntry("activations", activations)
                .containsEntry("microBatch", rowsAtOnce)
                .containsEntry("shape", "3x40");
        assertThat((Long) result.get("tokensPerSecondMedian")).isPositive().isLessThanOrEqualTo((Long)
                result.get("tokensPerSecondBest"));
        // at its start a model knows nothing: the loss is that of a uniform guess
        assertThat((Double) result.get("firstLoss")).isBetween(6.0, 6.5);
        assertThat((Double) result.get("secondsToFirstStep")).isPositive();
        assertThat(result.get("devices"))
                .asInstanceOf(InstanceOfAssertFactories.LIST)
                .hasSize(1);
        assertThat(result.get("parts"))
                .asInstanceOf(InstanceOfAssertFactories.MAP)
                .containsOnlyKeys("launchMilliseconds", "completeMilliseconds")
                .allSatisfy((mode, parts) -> assertThat((Map<?, ?>) parts)
                        .extracting(Map::keySet)
                        .asInstanceOf(InstanceOfAssertFactories.COLLECTION)
                        .containsAll(List.of("project", "projectBackward", "attention", "lossAndGradient")));
    }
}
