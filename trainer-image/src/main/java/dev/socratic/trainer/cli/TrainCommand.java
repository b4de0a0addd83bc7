package dev.socratic.trainer.cli;

import dev.socratic.trainer.failure.TrainerFailure;
import dev.socratic.trainer.progress.RunOutcome;
import dev.socratic.trainer.progress.RunProgress;
import dev.socratic.trainer.run.TrainingRun;
import dev.socratic.trainer.train.StopSignal;
import picocli.CommandLine.Command;

/** {@code train}: from the resource to an adapter in its output folder. A bad file is told to the run's listeners too. */
@Command(
        name = "train",
        description = "Trains the adapter and writes it to spec.output with tokenizer, metrics.jsonl and report.html.")
final class TrainCommand extends FileCommand {
    @Override
    public Integer call() {
        try (StopSignal stop = StopSignal.onSigterm();
                RunProgress progress = RunProgress.start(System.getenv(), System.out)) {
            try {
                progress.finished(new TrainingRun(System.getenv(), progress, stop).run(read()));
                return 0;
            } catch (RuntimeException | Error thrown) {
                TrainerFailure failure = FailureReport.asFailure(thrown);
                progress.finished(RunOutcome.failed(failure));
                throw failure;
            }
        }
    }
}
