package dev.socratic.trainer.data;

import dev.socratic.api.v1alpha1.spec.DatasetSpec;
import dev.socratic.api.v1alpha1.spec.TrainingSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Examples laid out over optimizer steps as transformers' Trainer does it: batchSize examples a batch, the last of an
 * epoch may be short; gradientAccumulation batches a step, the last group of an epoch may be smaller. Any step can be
 * asked for at any time, so a resumed run sees what the uninterrupted one would have seen. What passes through the
 * model at once is up to a {@link MicroBatching}.
 */
public final class Batches {
    private final List<Example> examples;
    private final MicroBatching microBatching;
    private final int batchSize;
    private final int gradientAccumulation;
    private final int batchesPerEpoch;
    private final int stepsPerEpoch;
    private final int totalSteps;
    private final boolean shuffle;
    private final long seed;
    private int orderedEpoch = -1;
    private int[] order;

    /**
     * Order of the file, or a new order by {@code training.seed} each epoch if {@code dataset.shuffle}.
     *
     * @throws BadData if no example has a token to learn
     */
    public Batches(List<Example> examples, DatasetSpec dataset, TrainingSpec training, MicroBatching microBatching) {
        if (examples.stream().allMatch(example -> example.learnedTokens() == 0)) {
            throw new BadData(BadData.what("no example has a token to learn within maxSequenceLength")
                    .where("spec.training.maxSequenceLength")
                    .found(training.maxSequenceLength())
                    .remedy("raise it, or give the dialogues an assistant turn"));
        }
        this.examples = List.copyOf(examples);
        this.microBatching = microBatching;
        this.batchSize = training.batchSize();
        this.gradientAccumulation = training.gradientAccumulation();
        this.shuffle = dataset.shuffle();
        this.seed = training.seed();
        this.batchesPerEpoch = ceilDiv(examples.size(), batchSize);
        this.stepsPerEpoch = ceilDiv(batchesPerEpoch, gradientAccumulation);
        this.totalSteps = training.maxSteps() != null
                ? training.maxSteps()
                : Math.multiplyExact(training.epochs(), stepsPerEpoch);
    }

    /** maxSteps where given, which may end within an epoch or go over several; else epochs times their steps. */
    public int totalSteps() {
        return totalSteps;
    }

    public int stepsPerEpoch() {
        return stepsPerEpoch;
    }

    /** @param index from 0 */
    public StepBatches step(int index) {
        int epoch = index / stepsPerEpoch;
        int within = index % stepsPerEpoch;
        int[] places = order(epoch);
        int first = within * gradientAccumulation;
        int end = Math.min(first + gradientAccumulation, batchesPerEpoch);
        List<List<Example>> declared = new ArrayList<>();
        for (int batch = first; batch < end; batch++) {
            int from = batch * batchSize;
            int to = Math.min(from + batchSize, places.length);
            declared.add(IntStream.range(from, to)
                    .mapToObj(i -> examples.get(places[i]))
                    .toList());
        }
        return new StepBatches(microBatching.of(declared), tokens(declared), epoch + end / (double) batchesPerEpoch);
    }

    private static int tokens(List<List<Example>> declared) {
        return declared.stream().flatMap(List::stream).mapToInt(Example::length).sum();
    }

    private int[] order(int epoch) {
        if (epoch != orderedEpoch) {
            int n = examples.size();
            order = shuffle
                    ? Shuffle.order(n, seed, epoch)
                    : IntStream.range(0, n).toArray();
            orderedEpoch = epoch;
        }
        return order;
    }

    private static int ceilDiv(int dividend, int divisor) {
        return (dividend + divisor - 1) / divisor;
    }
}
