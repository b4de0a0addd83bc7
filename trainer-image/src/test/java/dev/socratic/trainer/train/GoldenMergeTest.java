package dev.socratic.trainer.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.trainer.checkpoint.Checkpoint;
import dev.socratic.trainer.checkpoint.SafetensorsWriter;
import dev.socratic.trainer.checkpoint.Shards;
import dev.socratic.trainer.checkpoint.TensorToWrite;
import dev.socratic.trainer.engine.TorchEngine;
import dev.socratic.trainer.model.BaseWeights;
import dev.socratic.trainer.model.MergedWeights;
import dev.socratic.trainer.model.ModelConfig;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The tuned adapters merged, against PEFT's merge: src/test/parity/merge_goldens.py. */
class GoldenMergeTest {
    @TempDir
    Path scratch;

    @ParameterizedTest
    @CsvSource({
        "llama3-dense-dora, bfloat16, false",
        "llama3-dense-sdpa, float32, false",
        "qwen2-dense-save, float16, false",
        "gemma2-nf4-eager, float16, true",
        "gemma2-nf4-dora, bfloat16, true",
    })
    void equalsPeft(String name, String dtype, boolean tied) {
        GoldenCase golden = GoldenCase.read(name);
        SocraticFineTuneSpec spec = golden.spec(scratch, "model.dtype: " + dtype);
        try (TorchEngine engine = TorchEngine.start();
                Checkpoint model = Checkpoint.open(golden.modelFolder());
                Checkpoint adapter = Checkpoint.open(tuned(golden));
                Checkpoint peft = Checkpoint.open(GoldenCase.FOLDER.resolve("merged/" + name + ".safetensors"))) {
            ModelConfig config = ModelConfig.read(golden.modelFolder());
            MergedWeights.Merged merged =
                    MergedWeights.of(engine, spec, config, model, adapter, BaseWeights.AS_TRAINED);
            assertThat(merged.tiedHead()).isEqualTo(tied);
            Shards.write(scratch, merged.tensors(), 20_000);
            try (Checkpoint ours = Checkpoint.open(scratch)) {
                assertThat(ours.names()).isEqualTo(merged.tensors().keySet()).containsAll(peft.names());
                peft.names().forEach(tensor -> assertSame(ours, peft, tensor));
            }
        }
    }

    private static void assertSame(Checkpoint ours, Checkpoint peft, String tensor) {
        assertThat(ours.tensor(tensor).dtype()).isEqualTo(peft.tensor(tensor).dtype());
        assertThat(ours.tensor(tensor).toFloats())
                .as(tensor)
                .isEqualTo(peft.tensor(tensor).toFloats());
    }

    private Path tuned(GoldenCase golden) {
        Map<String, TensorToWrite> tensors = new TreeMap<>();
        Path file = GoldenCase.FOLDER.resolve("cases").resolve(golden.name() + ".safetensors");
        try (Checkpoint both = Checkpoint.open(file)) {
            both.names().stream()
                    .filter(name -> !name.startsWith("initial."))
                    .forEach(name -> tensors.put(name, TensorToWrite.copyOf(both.tensor(name))));
            Path tuned = scratch.resolve("tuned.safetensors");
            SafetensorsWriter.write(tuned, Map.of(), tensors);
            return tuned;
        }
    }
}
