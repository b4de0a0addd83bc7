package dev.socratic.trainer.run;

import dev.socratic.trainer.progress.ProgressSink;
import dev.socratic.trainer.progress.TrainingStep;
import dev.socratic.trainer.storage.OutputFolder;
import dev.socratic.trainer.train.StopSignal;
import java.time.Duration;

/** Ends a run whose output a later trainer asks for, after a checkpoint that the other goes on from. */
final class HandOver implements ProgressSink {
    private static final long BETWEEN_LOOKS = Duration.ofSeconds(1).toNanos();

    private final OutputFolder output;
    private final StopSignal stop;
    private long lastLook = System.nanoTime();

    HandOver(OutputFolder output, StopSignal stop) {
        this.output = output;
        this.stop = stop;
    }

    @Override
    public void step(TrainingStep step) {
        long now = System.nanoTime();
        if (now - lastLook >= BETWEEN_LOOKS) {
            lastLook = now;
            if (output.isAskedFor()) {
                stop.request();
            }
        }
    }
}
