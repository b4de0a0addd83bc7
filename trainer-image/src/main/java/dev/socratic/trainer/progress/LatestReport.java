package dev.socratic.trainer.progress;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;

/** Folds the events of a run into its present state. Readers may be on other threads. */
public final class LatestReport implements ProgressSink {
    private final Clock clock;
    private RunPhase phase = RunPhase.Resolving;
    private String message = "";
    private RunFacts facts = new RunFacts(null, null, List.of());
    private TrainingStep last;
    private Double evalLoss;
    private ProgressReport.Checkpoint checkpoint;
    private RunOutcome outcome;
    private Instant updatedAt;

    public LatestReport(Clock clock) {
        this.clock = clock;
        updatedAt = clock.instant();
    }

    @Override
    public synchronized void phase(RunPhase next, String doing) {
        phase = next;
        message = doing;
        updatedAt = clock.instant();
    }

    @Override
    public synchronized void plan(RunFacts known) {
        facts = known;
        updatedAt = clock.instant();
    }

    @Override
    public synchronized void step(TrainingStep step) {
        last = step;
        evalLoss = step.evalLoss() == null ? evalLoss : step.evalLoss();
        updatedAt = step.at();
    }

    @Override
    public synchronized void evaluated(int step, double loss) {
        evalLoss = loss;
        updatedAt = clock.instant();
    }

    @Override
    public synchronized void checkpointed(int step, Path at) {
        checkpoint = new ProgressReport.Checkpoint(step, "file://" + at.toAbsolutePath());
        updatedAt = clock.instant();
    }

    @Override
    public synchronized void resumed(int step, Path from) {
        checkpointed(step, from);
    }

    @Override
    public synchronized void finished(RunOutcome end) {
        outcome = end;
        phase = end.phase();
        message = end.message();
        updatedAt = clock.instant();
    }

    public synchronized ProgressReport get() {
        Optional<TrainingStep> step = Optional.ofNullable(last);
        Optional<RunOutcome> end = Optional.ofNullable(outcome);
        return new ProgressReport(
                phase,
                message,
                step.map(TrainingStep::step).orElse(null),
                step.map(TrainingStep::totalSteps).orElse(null),
                step.map(TrainingStep::epoch).map(LatestReport::finite).orElse(null),
                step.map(TrainingStep::loss).map(LatestReport::finite).orElse(null),
                evalLoss == null ? null : finite(evalLoss),
                step.map(TrainingStep::learningRate).map(LatestReport::finite).orElse(null),
                step.map(TrainingStep::gradNorm).map(LatestReport::finite).orElse(null),
                step.map(TrainingStep::tokensPerSecond)
                        .map(LatestReport::finite)
                        .orElse(null),
                step.map(TrainingStep::etaSeconds)
                        .map(LatestReport::finite)
                        .map(Math::round)
                        .orElse(null),
                updatedAt.truncatedTo(ChronoUnit.MILLIS).toString(),
                facts.modelRevision(),
                facts.parameters(),
                facts.devices(),
                checkpoint,
                end.map(RunOutcome::adapter).orElse(null),
                end.map(RunOutcome::report).orElse(null),
                end.map(RunOutcome::reason).map(Enum::name).orElse(null),
                end.map(RunOutcome::exitCode).orElse(0));
    }

    static Double finite(double number) {
        return Double.isFinite(number) ? Double.valueOf(number) : null;
    }
}
