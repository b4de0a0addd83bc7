package dev.socratic.trainer.data;

import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Examples for training and for evaluation, both in the order of their files.
 */
public record HeldOut(List<Example> training, List<Example> evaluation) {
    /** An epoch that no training has, so that the choice is not its first order. */
    private static final int EPOCH = -1;

    /**
     * Holds some of the examples out, chosen by the seed.
     *
     * @param share of the examples, rounded up
     * @throws dev.socratic.trainer.failure.TrainerFailure if no example is left to train on
     */
    public static HeldOut of(List<Example> examples, double share, long seed) {
        int count = (int) Math.ceil(share * examples.size());
        if (count >= examples.size()) {
            throw Problem.of(FailureReason.InvalidConfiguration, "no example is left to train on")
                    .where("spec.dataset.evalSplit")
                    .found(share + " of " + examples.size() + " examples")
                    .remedy("lower it, or give dataset.evalUri instead")
                    .failure();
        }
        int[] order = Shuffle.order(examples.size(), seed, EPOCH);
        int[] chosen = Arrays.copyOf(order, count);
        Arrays.sort(chosen);
        List<Example> evaluation = Arrays.stream(chosen).mapToObj(examples::get).toList();
        List<Example> training = IntStream.range(0, examples.size())
                .filter(i -> Arrays.binarySearch(chosen, i) < 0)
                .mapToObj(examples::get)
                .toList();
        return new HeldOut(training, evaluation);
    }
}
