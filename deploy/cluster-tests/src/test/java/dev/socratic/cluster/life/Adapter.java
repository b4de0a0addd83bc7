package dev.socratic.cluster.life;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What a run writes to the claim {@code adapters}.
 *
 * @param folder of the run's name
 */
record Adapter(Path folder) {
    static Adapter of(SharedFolders folders, String name) {
        return new Adapter(folders.of("adapters").resolve(name));
    }

    Path weights() {
        return folder.resolve("adapter_model.safetensors");
    }

    /** The steps of which there is a loss, in the order of the file. */
    List<Integer> steps() throws IOException {
        return Files.readAllLines(folder.resolve("metrics.jsonl")).stream()
                .map(line -> Serialization.unmarshal(line, JsonNode.class))
                .filter(line -> line.has("loss"))
                .map(line -> line.get("step").asInt())
                .toList();
    }

    /** A resumed run has done each step once: none is missing, none came twice. */
    void assertEachStepOnce(int steps) throws IOException {
        assertThat(steps()).isEqualTo(IntStream.rangeClosed(1, steps).boxed().toList());
        assertThat(weights()).exists();
    }
}
