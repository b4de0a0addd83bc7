package dev.socratic.trainer.train;

import java.util.OptionalInt;

/**
 * Whether a run still gets better, as transformers' EarlyStoppingCallback counts it.
 *
 * @param patience evaluations in a row without a lower loss that end the run; empty for any number
 * @param bestStep the step of the lowest loss, 0 before the first evaluation
 * @param withoutImprovement evaluations since then
 */
record EarlyStopping(OptionalInt patience, double bestLoss, int bestStep, int withoutImprovement) {
    static EarlyStopping of(Integer patience) {
        OptionalInt given = patience == null ? OptionalInt.empty() : OptionalInt.of(patience);
        return new EarlyStopping(given, Double.POSITIVE_INFINITY, 0, 0);
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
