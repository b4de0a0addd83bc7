package dev.socratic.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;

import dev.socratic.api.v1alpha1.spec.DatasetSpec;
import dev.socratic.api.v1alpha1.spec.LossScope;
import dev.socratic.api.v1alpha1.spec.Optimizer;
import dev.socratic.api.v1alpha1.spec.Scheduler;
import dev.socratic.api.v1alpha1.spec.TrainingSpec;
import dev.socratic.trainer.data.MicroBatching.Grouping;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Steps of any sizes, in order or asked for at random. */
class BatchesPropertiesTest {
    @Property
    void everyEpochSeesEveryExampleOnce(
            @ForAll @IntRange(min = 1, max = 40) int examples,
            @ForAll @IntRange(min = 1, max = 7) int batchSize,
            @ForAll @IntRange(min = 1, max = 5) int accumulation,
            @ForAll @IntRange(min = 1, max = 3) int epochs,
            @ForAll boolean shuffle,
            @ForAll @IntRange(min = 0) int seed) {
        Batches batches = batches(examples, batchSize, accumulation, epochs, shuffle, seed);
        assertThat(batches.totalSteps()).isEqualTo(epochs * batches.stepsPerEpoch());
        for (int epoch = 0; epoch < epochs; epoch++) {
            List<Integer> seen = new ArrayList<>();
            for (int step = 0; step < batches.stepsPerEpoch(); step++) {
                StepBatches found = batches.step(epoch * batches.stepsPerEpoch() + step);
                assertThat(rows(found)).hasSizeBetween(1, accumulation * batchSize);
                seen.addAll(rows(found));
            }
            assertThat(seen)
                    .containsExactlyInAnyOrderElementsOf(
                            IntStream.range(0, examples).boxed().toList());
        }
    }

    @Property
    void aStepIsTheSameWheneverItIsAskedFor(
            @ForAll @IntRange(min = 1, max = 40) int examples,
            @ForAll @IntRange(min = 0, max = 1000) int asked,
            @ForAll @IntRange(min = 0) int seed) {
        Batches inOrder = batches(examples, 2, 2, 4, true, seed);
        int step = asked % inOrder.totalSteps();
        List<Integer> expected = List.of();
        for (int before = 0; before <= step; before++) {
            expected = rows(inOrder.step(before));
        }
        assertThat(rows(batches(examples, 2, 2, 4, true, seed).step(step))).isEqualTo(expected);
    }

    /** The examples of a step, by the token that each is filled with. */
    private static List<Integer> rows(StepBatches step) {
        List<Integer> rows = new ArrayList<>();
        for (Batch batch : step.micro()) {
            for (int row = 0; row < batch.rows(); row++) {
                rows.add(batch.inputIds()[row * batch.length()]);
            }
        }
        return rows;
    }

    private static Batches batches(
            int examples, int batchSize, int accumulation, int epochs, boolean shuffle, long seed) {
        List<Example> made = IntStream.range(0, examples)
                .mapToObj(i -> {
                    int[] ids = IntStream.generate(() -> i).limit(2 + i % 3).toArray();
                    return new Example(ids, ids);
                })
                .toList();
        DatasetSpec dataset = new DatasetSpec("file:///d", null, LossScope.ALL, false, shuffle, null);
        return new Batches(
                made,
                dataset,
                new TrainingSpec(
                        epochs,
                        null,
                        batchSize,
                        accumulation,
                        16,
                        1e-3,
                        Scheduler.LINEAR,
                        0,
                        0,
                        1,
                        Optimizer.ADAMW,
                        seed,
                        0,
                        0,
                        null,
                        null,
                        null),
                new MicroBatching(Grouping.BY_LENGTH, batchSize, 16, 1, 1));
    }
}
