package dev.socratic.trainer.train;

import dev.socratic.api.v1alpha1.spec.TrainingSpec;
import dev.socratic.trainer.data.Batches;
import dev.socratic.trainer.data.StepBatches;
import dev.socratic.trainer.engine.AdamW;
import dev.socratic.trainer.engine.Dropout;
import dev.socratic.trainer.engine.Noise;
import dev.socratic.trainer.engine.Precision;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import dev.socratic.trainer.model.Decoder;
import dev.socratic.trainer.parallel.StepGradients;
import dev.socratic.trainer.progress.ProgressSink;
import dev.socratic.trainer.progress.TrainingStep;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The training loop. The loss of a step is the sum of its token losses over its tokens, however they are divided into
 * micro-batches; gradients are clipped to maxGradNorm, then AdamW changes the adapter. Losses, norms and rates are those
 * of transformers' Trainer for the same settings.
 */
public final class Trainer {
    private static final Logger LOG = LoggerFactory.getLogger(Trainer.class);

    /** torch.nn.utils.clip_grad_norm_'s guard against a norm of zero. */
    private static final double CLIP_EPSILON = 1e-6;

    private final Decoder decoder;
    private final StepGradients gradients;
    private final ProgressSink progress;
    private final StopSignal stop;

    /** @param gradients of the decoder's adapter */
    public Trainer(Decoder decoder, StepGradients gradients, ProgressSink progress, StopSignal stop) {
        this.decoder = decoder;
        this.gradients = gradients;
        this.progress = progress;
        this.stop = stop;
    }

    /**
     * Trains the decoder's adapter to the end, going on from the newest checkpoint of the same run.
     *
     * @throws dev.socratic.trainer.failure.TrainerFailure TryAgain once a stop was asked for and a checkpoint is written;
     *     InvalidConfiguration where a gradient is not finite and no loss scale is to blame
     */
    public TrainingResult run(TrainingJob job) {
        return new Run(job).toTheEnd();
    }

    private final class Run {
        private final TrainingJob job;
        private final TrainingSpec training;
        private final Batches batches;
        private final LearningRate learningRate;
        private final CheckpointFolder checkpoints;
        private final Evaluation evaluation;
        private final Instant began = Instant.now();
        private EarlyStopping earlyStopping;
        private GradScaler scaler;
        private int updates;

        Run(TrainingJob job) {
            this.job = job;
            this.training = job.spec().training();
            this.batches = new Batches(job.train(), job.spec().dataset(), training, job.microBatching());
            this.learningRate = new LearningRate(training, batches.totalSteps());
            this.checkpoints = new CheckpointFolder(job.checkpoints(), job.runId());
            this.evaluation = new Evaluation(decoder, job.evaluation(), training.batchSize(), job.microBatching());
            this.earlyStopping = EarlyStopping.of(training.earlyStoppingPatience());
            this.scaler = decoder.facts().compute() == Precision.FLOAT16 ? GradScaler.on() : GradScaler.off();
        }

        TrainingResult toTheEnd() {
            int resumedFrom = checkpoints
                    .restore(decoder.adapter(), earlyStopping)
                    .map(this::goOn)
                    .orElse(0);
            double lastLoss = Double.NaN;
            Optional<Double> lastEvaluation = Optional.empty();
            int step = resumedFrom;
            for (; step < batches.totalSteps() && !earlyStopping.ends(); step++) {
                StepResult result = step(step);
                lastLoss = result.loss;
                lastEvaluation = evaluated(step + 1);
                progress.step(record(step, resumedFrom, result, lastEvaluation));
                keepBest(step + 1, lastEvaluation);
                boolean stopping = stop.requested() && step + 1 < batches.totalSteps();
                if (stopping || every(training.checkpointEverySteps(), step + 1)) {
                    checkpoint(step + 1);
                }
                if (stopping) {
                    throw Problem.of(FailureReason.TryAgain, "the run was asked to stop and wrote a checkpoint")
                            .where("step " + (step + 1))
                            .remedy("start the run again: it goes on from there")
                            .failure();
                }
            }
            if (earlyStopping.bestStep() > 0) {
                LOG.info("taking the adapter of step {}, whose evaluation loss is lowest", earlyStopping.bestStep());
                checkpoints.restoreBest(decoder.adapter());
                lastEvaluation = Optional.of(earlyStopping.bestLoss());
            }
            return new TrainingResult(step, resumedFrom, lastLoss, lastEvaluation);
        }

        private void keepBest(int steps, Optional<Double> evaluated) {
            if (earlyStopping.on() && evaluated.isPresent()) {
                earlyStopping = earlyStopping.after(steps, evaluated.get());
                if (earlyStopping.bestStep() == steps) {
                    checkpoints.writeBest(decoder.adapter());
                }
            }
        }

        private int goOn(RunState state) {
            scaler = state.scaler();
            updates = state.updates();
            earlyStopping = state.earlyStopping();
            LOG.info("going on from step {}", state.step());
            progress.resumed(state.step(), checkpoints.at(state.step()));
            return state.step();
        }

        private StepResult step(int step) {
            long started = System.nanoTime();
            StepBatches batch = batches.step(step);
            int tokens = batch.tokens();
            Dropout dropout = new Dropout(job.spec().lora().dropout(), training.seed()).part(step);
            double lossSum = gradients.sum(
                    new StepGradients.Step(batch.micro(), scaler.scale() / tokens, dropout, noise().part(step)));
            double rate = learningRate.at(updates);
            double norm = update(step, rate);
            double seconds = (System.nanoTime() - started) / 1e9;
            double loss = tokens == 0 ? 0 : lossSum / tokens;
            return new StepResult(loss, norm, rate, seconds, tokens, batch);
        }

        private Noise noise() {
            return training.neftuneNoiseAlpha() == null
                    ? Noise.NONE
                    : new Noise(training.neftuneNoiseAlpha(), training.seed());
        }

        /** Clips and applies the gradients, unless they overflowed; gives their norm before clipping. */
        private double update(int step, double rate) {
            double norm = decoder.adapter().gradientNorm() / scaler.scale();
            if (!Double.isFinite(norm) && !scaler.scaling()) {
                throw diverged(step + 1, norm);
            }
            if (!Double.isFinite(norm)) {
                LOG.warn(
                        "step {}: the gradient overflowed at loss scale {}; the step is skipped",
                        step + 1,
                        scaler.scale());
                scaler = scaler.afterOverflow();
                return norm;
            }
            double clip = Math.min(1, training.maxGradNorm() / (norm + CLIP_EPSILON));
            updates++;
            decoder.adapter().step(new AdamW(updates, rate, training.weightDecay(), clip / scaler.scale()));
            scaler = scaler.afterGoodStep();
            return norm;
        }

        private Optional<Double> evaluated(int steps) {
            boolean due = every(training.evalEverySteps(), steps) || steps == batches.totalSteps();
            if (!due || job.evaluation().isEmpty()) {
                return Optional.empty();
            }
            double loss = evaluation.loss();
            progress.evaluated(steps, loss);
            return Optional.of(loss);
        }

        private void checkpoint(int steps) {
            Path written = checkpoints.write(decoder.adapter(), new RunState(steps, updates, scaler, earlyStopping));
            progress.checkpointed(steps, written);
        }

        private TrainingStep record(int step, int resumedFrom, StepResult result, Optional<Double> evaluated) {
            double elapsed = Duration.between(began, Instant.now()).toMillis() / 1e3;
            double perStep = elapsed / (step + 1 - resumedFrom);
            return new TrainingStep(
                    step + 1,
                    batches.totalSteps(),
                    result.batch.epoch(),
                    result.loss,
                    result.norm,
                    result.rate,
                    result.tokens,
                    result.batch.inputTokens() / result.seconds,
                    evaluated.orElse(null),
                    perStep * (batches.totalSteps() - step - 1),
                    Instant.now());
        }
    }

    /** transformers' Trainer applies such a gradient: all that follows is NaN, the adapter included. */
    private static RuntimeException diverged(int step, double norm) {
        return Problem.of(
                        FailureReason.InvalidConfiguration, "the gradient is not finite, and would make the adapter so")
                .where("step " + step)
                .found("gradient norm " + norm)
                .remedy("lower spec.training.learningRate, and see that no weight of the model is infinite or NaN")
                .failure();
    }

    private record StepResult(double loss, double norm, double rate, double seconds, int tokens, StepBatches batch) {}

    private static boolean every(int period, int steps) {
        return period > 0 && steps % period == 0;
    }
}
