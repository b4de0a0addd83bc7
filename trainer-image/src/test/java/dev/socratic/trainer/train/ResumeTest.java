package dev.socratic.trainer.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.trainer.engine.TorchEngine;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.TrainerFailure;
import dev.socratic.trainer.model.Decoder;
import dev.socratic.trainer.model.LoadRequest;
import dev.socratic.trainer.parallel.StepGradients;
import dev.socratic.trainer.placement.DeviceMap;
import dev.socratic.trainer.placement.SavedActivations;
import dev.socratic.trainer.progress.ProgressSink;
import dev.socratic.trainer.progress.TrainingStep;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A run that is stopped and started again equals one that was not, to the last bit: dropout, order and moments too. */
class ResumeTest {
    private final GoldenCase golden = GoldenCase.read("gemma2-nf4-eager");
    private final List<Double> losses = new ArrayList<>();
    private final List<String> resumedFrom = new ArrayList<>();
    private TorchEngine engine;
    private StopSignal stop;

    @TempDir
    Path scratch;

    @BeforeEach
    void start() {
        engine = TorchEngine.start();
        stop = StopSignal.onSigterm();
    }

    @AfterEach
    void end() {
        stop.close();
        engine.close();
    }

    /** With a rank that makes some factors large enough for moments of 8 bits. */
    @ParameterizedTest
    @CsvSource({"adamw, 4", "adamw8bit, 150"})
    void stoppedAndResumedEqualsUninterrupted(String optimizer, int rank) throws IOException {
        SocraticFineTuneSpec spec = spec("training.optimizer: " + optimizer, "lora.r: " + rank);
        Map<String, List<Float>> whole = run(spec, "whole", scratch.resolve("whole"), 0);
        List<Double> wholeLosses = List.copyOf(losses);
        losses.clear();

        Path checkpoints = scratch.resolve("parts");
        assertThatThrownBy(() -> run(spec, "parts", checkpoints, 5))
                .isInstanceOfSatisfying(
                        TrainerFailure.class, f -> assertThat(f.reason()).isEqualTo(FailureReason.TryAgain))
                .hasMessageContaining("step 5");
        stop.close();
        stop = StopSignal.onSigterm();
        Map<String, List<Float>> parts = run(spec, "parts", checkpoints, 0);

        assertThat(resumedFrom).containsExactly("step-5");
        assertThat(losses).isEqualTo(wholeLosses);
        assertThat(parts).isEqualTo(whole);
        try (Stream<Path> kept = Files.list(checkpoints)) {
            assertThat(kept.map(path -> path.getFileName().toString())).containsExactlyInAnyOrder("step-6", "step-8");
        }
    }

    @Test
    void anotherRunsCheckpointsArePassedOverAndDoNotPushOutItsOwn() throws IOException {
        SocraticFineTuneSpec spec = spec();
        Path shared = scratch.resolve("shared");
        Files.createDirectories(shared.resolve(".step-4.old/half"));
        run(spec, "one", shared, 0);
        int whole = losses.size();
        assertThatThrownBy(() -> run(spec, "another", shared, 3)).hasMessageContaining("step 3");
        stop.close();
        stop = StopSignal.onSigterm();
        run(spec, "another", shared, 0);
        assertThat(losses).hasSize(2 * whole);
        try (Stream<Path> kept = Files.list(shared)) {
            assertThat(kept.map(path -> path.getFileName().toString())).containsExactlyInAnyOrder("step-6", "step-8");
        }
    }

    private SocraticFineTuneSpec spec(String... changes) {
        List<String> all = new ArrayList<>(List.of(
                "lora.dropout: 0.2",
                "training.neftuneNoiseAlpha: 5",
                "dataset.shuffle: true",
                "training.maxSteps: 8",
                "training.checkpointEverySteps: 2"));
        all.addAll(List.of(changes));
        return golden.spec(scratch, all.toArray(String[]::new));
    }

    /** @param stopAfter step at which the run is asked to stop, 0 for none */
    private Map<String, List<Float>> run(SocraticFineTuneSpec spec, String runId, Path checkpoints, int stopAfter) {
        ProgressSink sink = new ProgressSink() {
            @Override
            public void resumed(int step, Path from) {
                resumedFrom.add(from.getFileName().toString());
            }

            @Override
            public void step(TrainingStep step) {
                losses.add(step.loss());
                if (step.step() == stopAfter) {
                    stop.request();
                }
            }
        };
        LoadRequest request = new LoadRequest(
                golden.modelFolder(),
                spec,
                DeviceMap.allOn("cpu", 3),
                0,
                Optional.empty(),
                Collections.nCopies(3, SavedActivations.INPUTS));
        try (Decoder decoder = Decoder.load(engine, request)) {
            new Trainer(decoder, StepGradients.on(decoder), sink, stop)
                    .run(new TrainingJob(
                            runId, spec, golden.examples(), List.of(), golden.microBatching(spec), checkpoints));
            return Floats.of(decoder.adapter().toPeft());
        }
    }
}
