package dev.socratic.trainer.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against transformers 5.23's get_scheduler with a rate of 2e-3, at steps 0, 2, 3 and the last. */
class LearningRateTest {
    @TempDir
    java.nio.file.Path scratch;

    @ParameterizedTest
    @CsvSource({
        "inverse_sqrt, 4, 20, 0.0, 0.001, 0.0015, 0.000917662935482247",
        "inverse_sqrt, 0, 20, 0.002, 0.001999800029995001, 0.0019997000674831294, 0.0019981027032202397",
        "polynomial, 3, 11, 0.0, 0.0013333333333333333, 0.002, 0.00025008750000000003",
        "polynomial, 0, 5, 0.002, 0.00120004, 0.0008000600000000001, 0.00040008",
    })
    void followsTheSchedule(
            String scheduler, int warmup, int steps, double first, double second, double third, double last) {
        LearningRate rate = new LearningRate(
                GoldenCase.read("gemma2-nf4-sdpa")
                        .spec(
                                scratch,
                                "training.scheduler: " + scheduler,
                                "training.warmupSteps: " + warmup,
                                "training.learningRate: 2e-3")
                        .training(),
                steps);
        assertThat(new double[] {rate.at(0), rate.at(2), rate.at(3), rate.at(steps - 1)})
                .containsExactly(new double[] {first, second, third, last}, within(1e-15));
    }
}
