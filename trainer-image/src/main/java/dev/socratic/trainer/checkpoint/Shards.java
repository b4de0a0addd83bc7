package dev.socratic.trainer.checkpoint;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.socratic.trainer.failure.UnwritableFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A model's weights as save_pretrained writes them: {@code model.safetensors}, or files {@code
 * model-00001-of-00003.safetensors} with {@code model.safetensors.index.json} where they are larger than a shard may be.
 */
public final class Shards {
    /** transformers 4's max_shard_size; what any loader takes. */
    public static final long LARGEST = 5_000_000_000L;

    private static final JsonMapper JSON = new JsonMapper();
    private static final Map<String, String> METADATA = Map.of("format", "pt");

    private Shards() {}

    /**
     * Tensors fill the files in the map's order.
     *
     * @param largest bytes of a shard's tensors; only one that is larger by itself exceeds it
     */
    public static void write(Path folder, Map<String, TensorToWrite> tensors, long largest) {
        List<Map<String, TensorToWrite>> shards = split(tensors, largest);
        if (shards.size() == 1) {
            SafetensorsWriter.write(folder.resolve(Checkpoint.SINGLE_FILE), METADATA, tensors);
            return;
        }
        ObjectNode index = JSON.createObjectNode();
        long total =
                tensors.values().stream().mapToLong(TensorToWrite::byteSize).sum();
        index.putObject("metadata").put("total_size", total);
        ObjectNode weightMap = index.putObject("weight_map");
        for (int i = 0; i < shards.size(); i++) {
            String name = String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", i + 1, shards.size());
            SafetensorsWriter.write(folder.resolve(name), METADATA, shards.get(i));
            shards.get(i).keySet().forEach(tensor -> weightMap.put(tensor, name));
        }
        writeIndex(folder.resolve(Checkpoint.INDEX), index);
    }

    private static List<Map<String, TensorToWrite>> split(Map<String, TensorToWrite> tensors, long largest) {
        List<Map<String, TensorToWrite>> shards = new ArrayList<>();
        long room = 0;
        for (Map.Entry<String, TensorToWrite> entry : tensors.entrySet()) {
            long size = entry.getValue().byteSize();
            if (shards.isEmpty() || size > room) {
                shards.add(new LinkedHashMap<>());
                room = largest;
            }
            shards.get(shards.size() - 1).put(entry.getKey(), entry.getValue());
            room -= size;
        }
        return shards;
    }

    private static void writeIndex(Path file, ObjectNode index) {
        try {
            Files.writeString(file, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(index) + "\n");
        } catch (IOException e) {
            throw UnwritableFile.of(file, e);
        }
    }
}
