package dev.socratic.trainer.run;

import dev.socratic.trainer.progress.MetricsFile;
import dev.socratic.trainer.progress.ProgressSink;
import dev.socratic.trainer.progress.TrainingStep;
import java.nio.file.Path;

/**
 * Opens {@code metrics.jsonl} at the first step that the run really makes: whether that is the first of all, or the one
 * after a checkpoint, decides which lines of an earlier attempt stay.
 */
final class MetricsFromFirstStep implements ProgressSink {
    private final Path file;
    private MetricsFile metrics;

    MetricsFromFirstStep(Path file) {
        this.file = file;
    }

    @Override
    public void step(TrainingStep step) {
        if (metrics == null) {
            metrics = MetricsFile.open(file, step.step() - 1);
        }
        metrics.step(step);
    }

    @Override
    public void close() {
        if (metrics != null) {
            metrics.close();
        }
    }
}
