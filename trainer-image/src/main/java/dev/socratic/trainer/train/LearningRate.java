package dev.socratic.trainer.train;

import dev.socratic.api.v1alpha1.spec.TrainingSpec;

/** The learning rate of each step, as transformers' get_scheduler gives it. */
final class LearningRate {
    /** Where transformers' polynomial schedule ends. */
    private static final double END = 1e-7;

    private static final double SCALE_WITHOUT_WARMUP = 10_000;

    private final TrainingSpec training;
    private final int totalSteps;

    LearningRate(TrainingSpec training, int totalSteps) {
        this.training = training;
        this.totalSteps = totalSteps;
    }

    /** @param step from 0; a step that was skipped as its gradient overflowed does not count */
    double at(int step) {
        return training.learningRate() * factor(step);
    }

    private double factor(int step) {
        int warmup = training.warmupSteps();
        if (step < warmup) {
            return (double) step / Math.max(1, warmup);
        }
        double rest = Math.max(1, totalSteps - warmup);
        double done = (step - warmup) / rest;
        return switch (training.scheduler()) {
            case LINEAR -> Math.max(0, (totalSteps - step) / rest);
            case COSINE -> Math.max(0, 0.5 * (1 + Math.cos(Math.PI * done)));
            case CONSTANT -> 1;
            case INVERSE_SQRT -> inverseSqrt(step, warmup);
            case POLYNOMIAL -> {
                double end = END / training.learningRate();
                yield step > totalSteps ? end : (1 - end) * (1 - done) + end;
            }
        };
    }

    /** Over a scale of the warm-up's length. */
    private static double inverseSqrt(int step, int warmup) {
        double scale = warmup == 0 ? SCALE_WITHOUT_WARMUP : warmup;
        return 1 / Math.sqrt((step - warmup + scale) / scale);
    }
}
