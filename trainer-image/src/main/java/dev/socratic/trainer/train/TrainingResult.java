package dev.socratic.trainer.train;

import java.util.Optional;

/**
 * @param steps optimizer steps of the run, those before a resume included
 * @param resumedFrom the step whose checkpoint the run went on from, 0 for none
 * @param lastLoss training loss of the last step; NaN where no step was left to do
 * @param lastEvaluationLoss of the adapter, if there are evaluation examples
 */
public record TrainingResult(int steps, int resumedFrom, double lastLoss, Optional<Double> lastEvaluationLoss) {}
