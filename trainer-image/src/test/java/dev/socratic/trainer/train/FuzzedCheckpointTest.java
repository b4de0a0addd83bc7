package dev.socratic.trainer.train;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.trainer.ReadOrRefused;
import dev.socratic.trainer.engine.TorchEngine;
import dev.socratic.trainer.model.Decoder;
import dev.socratic.trainer.model.InitialAdapter;
import dev.socratic.trainer.placement.SavedActivations;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** As {@link dev.socratic.trainer.FuzzedInputTest}, for what a run left or goes on from: adapters and checkpoints. */
class FuzzedCheckpointTest {
    private static final String RUN = "run";

    @TempDir
    static Path folder;

    private static SocraticFineTuneSpec spec;
    private static TorchEngine engine;
    private static Decoder decoder;

    @BeforeAll
    static void load() throws IOException {
        GoldenCase golden = GoldenCase.read("gemma2-nf4-sdpa");
        spec = golden.spec(folder);
        engine = TorchEngine.start();
        decoder = golden.load(engine, spec, folder, SavedActivations.INPUTS);
        RunState state = new RunState(3, 3, GradScaler.off(), EarlyStopping.of(2));
        new CheckpointFolder(folder.resolve("checkpoints"), RUN).write(decoder.adapter(), state);
    }

    @AfterAll
    static void end() {
        decoder.close();
        engine.close();
    }

    @FuzzTest
    void adapterConfig(byte[] file) throws IOException {
        ReadOrRefused.of(adapter -> InitialAdapter.check(spec.lora(), adapter), folder, "adapter_config.json", file);
    }

    @FuzzTest
    void runState(byte[] file) throws IOException {
        ReadOrRefused.of(FuzzedCheckpointTest::restore, folder, "checkpoints/step-3/run.json", file);
    }

    @FuzzTest
    void parametersAndMoments(byte[] file) throws IOException {
        Path run = folder.resolve("checkpoints/step-4/run.json");
        Files.createDirectories(run.getParent());
        Files.writeString(
                run,
                "{\"runId\": \"" + RUN
                        + "\", \"step\": 4, \"updates\": 4, \"lossScale\": 1, \"lossScaleGoodSteps\": 0}");
        ReadOrRefused.of(FuzzedCheckpointTest::restore, folder, "checkpoints/step-4/state.safetensors", file);
    }

    private static void restore(Path folder) {
        new CheckpointFolder(folder.resolve("checkpoints"), RUN).restore(decoder.adapter(), EarlyStopping.of(2));
    }
}
