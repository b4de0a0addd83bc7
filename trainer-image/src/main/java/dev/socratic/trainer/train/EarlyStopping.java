package dev.socratic.trainer.train;

import java.util.OptionalInt;

/**
 * Whether a run still gets better, as transformers' EarlyStoppingCallback counts it: the first evaluation is never one
 * without improvement, whatever its loss.
 *
 * @param patience evaluations in a row without a lower loss that end the run; empty for any number
 * @param bestStep the step of the lowest loss, 0 while there is none
 * @param withoutImprovement evaluations since the best one, or since the first; -1 before the first
 */
record EarlyStopping(OptionalInt patience, double bestLoss, int bestStep, int withoutImprovement) {
    static EarlyStopping of(Integer patience) {
        OptionalInt given = patience == null ? OptionalInt.empty() : OptionalInt.of(patience);
        return new EarlyStopping(given, Double.POSITIVE_INFINITY, 0, -1);
    }

    EarlyStopping after(int step, double loss) {
        return loss < bestLoss
                ? new EarlyStopping(patience, loss, step, 0)
                : new EarlyStopping(patience, bestLoss, bestStep, withoutImprovement + 1);
    }

    boolean on() {
        return patience.isPresent();
    }

    boolean ends() {
        return patience.isPresent() && withoutImprovement >= patience.getAsInt();
    }
}
