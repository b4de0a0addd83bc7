package dev.socratic.trainer.progress;

import java.time.Instant;

/**
 * One optimizer step, after it was made.
 *
 * @param step from 1
 * @param epoch fraction of passes over the dataset, as transformers' Trainer logs it
 * @param loss mean over the label tokens of the accumulated batch
 * @param gradNorm before clipping; not finite when a GradScaler skipped the step
 * @param learningRate that the step was made with
 * @param tokens in the step, padding not counted
 * @param tokensPerSecond of the step
 * @param evalLoss measured after this step, or null
 * @param etaSeconds until the last step
 */
public record TrainingStep(
        int step,
        int totalSteps,
        double epoch,
        double loss,
        double gradNorm,
        double learningRate,
        int tokens,
        double tokensPerSecond,
        Double evalLoss,
        double etaSeconds,
        Instant at) {}
