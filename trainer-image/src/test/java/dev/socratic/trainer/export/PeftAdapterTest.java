package dev.socratic.trainer.export;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.socratic.api.v1alpha1.spec.LoraBias;
import dev.socratic.api.v1alpha1.spec.LoraSpec;
import dev.socratic.api.v1alpha1.spec.TaskType;
import dev.socratic.trainer.checkpoint.Checkpoint;
import dev.socratic.trainer.checkpoint.TensorToWrite;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PeftAdapterTest {
    private static final LoraSpec LORA = new LoraSpec(
            16,
            32,
            0.1,
            List.of("q_proj", "k_proj", "v_proj", "o_proj"),
            LoraBias.NONE,
            TaskType.CAUSAL_LM,
            null,
            false,
            false,
            List.of(),
            Map.of(),
            Map.of());

    @Test
    void writesTheFilesThatPeftReads(@TempDir Path folder) throws IOException {
        String name = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight";
        TensorToWrite a = TensorToWrite.floats(new long[] {1, 2}, new float[] {1, 2});
        new PeftAdapter(
                        LORA,
                        LORA.targetModules(),
                        "google/gemma-2-2b-jpn-it",
                        "6b046bb",
                        new TreeMap<>(Map.of(name, a)))
                .write(folder);

        String config = Files.readString(folder.resolve(PeftAdapter.CONFIG));
        assertThat(compact(config)).isEqualTo(compact(golden()));
        try (Checkpoint weights = Checkpoint.open(folder.resolve(PeftAdapter.WEIGHTS))) {
            assertThat(weights.tensor(name).toFloats()).containsExactly(1, 2);
        }
    }

    private static String compact(String json) throws IOException {
        return new JsonMapper().readTree(json).toString();
    }

    private static String golden() throws IOException {
        try (var in = PeftAdapterTest.class.getResourceAsStream("adapter_config.json")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
