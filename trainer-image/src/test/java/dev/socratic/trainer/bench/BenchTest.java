package dev.socratic.trainer.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.socratic.api.v1alpha1.spec.Attention;
import dev.socratic.api.v1alpha1.spec.DeviceMapStrategy;
import dev.socratic.api.v1alpha1.spec.Dtype;
import dev.socratic.api.v1alpha1.spec.Parallelism;
import dev.socratic.trainer.bench.BenchSettings.Parts;
import dev.socratic.trainer.bench.BenchSettings.Weights;
import dev.socratic.trainer.failure.TrainerFailure;
import dev.socratic.trainer.placement.Kernels;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The tiny model on the CPU: what is measured is there, and is of the run that was asked for. */
class BenchTest {
    @TempDir
    Path cache;

    @ParameterizedTest
    @CsvSource({"NF4, {ALL=2}, 4Gi, 6", "PLAIN, {ALL=2}, 4Gi, 6", "NF4, '{BRANCHES=1, ALL=1}', 328912Ki, 1"})
    void measuresTheTinyModel(Weights weights, String kept, String cap, int rowsAtOnce) {
        Map<String, Object> result =
                new Bench(settings(weights, Optional.of(cap), 0.1, Parts.MEASURED, Optional.empty()), cache).run();
        assertThat(result)
                .containsEntry("kernels", "torch")
                .hasEntrySatisfying(
                        "blocksKeeping", blocks -> assertThat(blocks).hasToString(kept))
                .containsEntry("microBatch", rowsAtOnce)
                .containsEntry("shape", "3x40");
        assertThat((Long) result.get("tokensPerSecondMedian")).isPositive().isLessThanOrEqualTo((Long)
                result.get("tokensPerSecondBest"));
        // at its start a model knows nothing: the loss is that of a uniform guess
        assertThat((Double) ((List<?>) result.get("losses")).get(0)).isBetween(6.0, 6.5);
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

    /** The same weights, tokens, rates and fresh adapter there: the losses are the same too. */
    @Test
    void comparesWithThePythonStack() {
        String python = System.getenv("PARITY_PYTHON");
        assumeTrue(python != null, "PARITY_PYTHON names no Python with transformers, peft and bitsandbytes");
        Map<String, Object> result = new Bench(
                        settings(Weights.NF4, Optional.empty(), 0, Parts.NOT_MEASURED, Optional.of(python)), cache)
                .run();
        assertThat(result.get("compared"))
                .asInstanceOf(InstanceOfAssertFactories.MAP)
                .containsKeys("versions", "timesTheirTokensPerSecond", "timesTheirPeak")
                .hasEntrySatisfying(
                        "largestDifferenceOfLosses",
                        difference -> assertThat((Double) difference).isLessThan(1e-4));
    }

    @ParameterizedTest
    @CsvSource({"/no/such/python, cannot be started", "false, cannot import"})
    void saysWhatAnInterpreterLacks(String python, String message) {
        Bench bench =
                new Bench(settings(Weights.NF4, Optional.empty(), 0, Parts.NOT_MEASURED, Optional.of(python)), cache);
        assertThatThrownBy(bench::run).isInstanceOf(TrainerFailure.class).hasMessageContainingAll("--compare", message);
    }

    private static BenchSettings settings(
            Weights weights, Optional<String> cap, double dropout, Parts parts, Optional<String> compared) {
        return new BenchSettings(
                Preset.TINY,
                3,
                40,
                2,
                0,
                Parallelism.LAYERS,
                DeviceMapStrategy.AUTO,
                cap,
                Dtype.FLOAT32,
                weights,
                Attention.EAGER,
                dropout,
                1,
                4,
                parts,
                Kernels.OURS,
                compared);
    }
}
