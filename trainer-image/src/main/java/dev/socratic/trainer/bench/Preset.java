package dev.socratic.trainer.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Shapes of models that are known well, as their {@code config.json} has them. */
public enum Preset {
    GEMMA_2_2B("gemma-2-2b"),
    LLAMA_3_2_1B("llama-3.2-1b"),
    QWEN_2_5_7B("qwen2.5-7b"),
    GEMMA_2_SMALL("gemma-2-small"),
    TINY("tiny");

    private final String key;

    Preset(String key) {
        this.key = key;
    }

    public String key() {
        return key;
    }

    public static List<String> keys() {
        return Arrays.stream(values()).map(Preset::key).toList();
    }

    public static Optional<Preset> of(String key) {
        return Arrays.stream(values()).filter(preset -> preset.key.equals(key)).findFirst();
    }

    /** Writes the configuration into a folder, where a model's files would lie. */
    void write(Path folder) {
        try (InputStream config = Preset.class.getResourceAsStream(key + ".json")) {
            Files.copy(config, folder.resolve("config.json"));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write the preset " + key, e);
        }
    }
}
