package dev.socratic.trainer.progress;

import dev.socratic.trainer.storage.PublishedOutput;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/** A run of made-up numbers, played to any sink. */
final class Runs {
    static final Instant NOON = Instant.parse("2026-11-24T12:00:00Z");

    private Runs() {}

    static TrainingStep step(int step, int totalSteps) {
        return new TrainingStep(
                step, totalSteps, step / 100.0, 2.0 / step, 0.53, 1.9e-4, 512, 4210, null, totalSteps - step, NOON);
    }

    static RunFacts facts() {
        RunFacts.Device gpu = new RunFacts.Device("0", "NVIDIA H200", "embed,0-7", 4L << 30, 3L << 30, null);
        return new RunFacts("0123456789abcdef", new RunFacts.Parameters(6389760, 2620731648L), List.of(gpu));
    }

    static RunOutcome success() {
        PublishedOutput adapter = new PublishedOutput("pvc://adapters/ja", "ab12", 25_600_000);
        return RunOutcome.succeeded(
                "questions: 0 of 20 before, 19 of 20 after", adapter, "pvc://adapters/ja/report.html");
    }

    static void play(ProgressSink sink) {
        sink.phase(RunPhase.Loading, "lab/tiny");
        sink.plan(facts());
        sink.phase(RunPhase.Training, "");
        for (int step = 1; step <= 4; step++) {
            if (step == 2) {
                sink.evaluated(step, 1.25);
            }
            sink.step(step(step, 4));
        }
        sink.checkpointed(4, Path.of("/checkpoints/step-4"));
        sink.finished(success());
    }
}
