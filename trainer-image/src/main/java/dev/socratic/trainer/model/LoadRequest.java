package dev.socratic.trainer.model;

import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.trainer.placement.DeviceMap;
import dev.socratic.trainer.placement.SavedActivations;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A model to load for training or generation.
 *
 * @param folder the model's files, as save_pretrained writes them
 * @param tokens the tokenizer's size; embeddings with fewer rows grow to it
 * @param initialAdapter folder of an adapter in PEFT's format to start from
 * @param saved of each block
 */
public record LoadRequest(
        Path folder,
        SocraticFineTuneSpec spec,
        DeviceMap devices,
        int tokens,
        Optional<Path> initialAdapter,
        List<SavedActivations> saved) {
    public LoadRequest {
        saved = List.copyOf(saved);
    }

    /** The same model, all of it on one device. */
    LoadRequest allOn(String device) {
        DeviceMap one = DeviceMap.allOn(device, devices.layers().size());
        return new LoadRequest(folder, spec, one, tokens, initialAdapter, saved);
    }
}
