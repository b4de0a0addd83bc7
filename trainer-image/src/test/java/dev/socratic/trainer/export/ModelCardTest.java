package dev.socratic.trainer.export;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.socratic.trainer.train.TrainingResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelCardTest {
    @TempDir
    Path folder;

    private static ModelCard card(String base, double loss) {
        Map<String, String> settings = Map.of("lora.r", "16", "model.secretRef.name", "private", "training.seed", "7");
        return new ModelCard("socratic|ja", base, settings, new TrainingResult(12, 0, loss, Optional.of(1.25)));
    }

    /** The fields are those of the card that PEFT 0.21.2 wrote for a causal model. */
    @ParameterizedTest
    @ValueSource(strings = {"google/gemma-2-2b-jpn-it", "/models/空 # \"x\": - y", "true"})
    void theHeaderIsPefts(String base) throws IOException {
        String[] parts = card(base, 0.5).toMarkdown().split("(?m)^---$", 3);
        JsonNode header = new YAMLMapper().readTree(parts[1]);
        assertThat(parts[0]).isEmpty();
        assertThat(header).hasSize(4);
        assertThat(header.path("base_model").textValue()).isEqualTo(base);
        assertThat(header.path("library_name").textValue()).isEqualTo("peft");
        assertThat(header.path("pipeline_tag").textValue()).isEqualTo("text-generation");
        assertThat(header.path("tags"))
                .extracting(JsonNode::textValue)
                .containsExactly("base_model:adapter:" + base, "lora", "transformers");
        assertThat(parts[2])
                .contains("# socratic\\|ja", "| lora.r | 16 |", "| steps | 12 |", "| 0.5000 |", "| 1.2500 |")
                .doesNotContain("private");
    }

    @Test
    void replacesOwnCardsAlone() throws IOException {
        Path published = Files.createDirectories(folder.resolve("published"));
        Path staging = Files.createDirectories(folder.resolve("staging"));
        Path present = published.resolve(ModelCard.FILE);
        card("a", 3).write(published, present);
        card("a", Double.NaN).write(published, present);
        assertThat(present).content().contains("| 1.2500 |").doesNotContain("3.0000", "NaN");
        Files.write(present, new byte[] {'m', 'i', 'n', 'e', (byte) 0xff});
        card("a", 3).write(staging, present);
        assertThat(staging).isEmptyDirectory();
    }
}
