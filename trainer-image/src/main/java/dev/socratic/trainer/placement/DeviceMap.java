package dev.socratic.trainer.placement;

import java.util.Collections;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Where each part of a model lives: device ids {@code "0"}, {@code "1"}, … for GPUs and {@code "cpu"}.
 *
 * @param layers the device of each decoder layer, first to last
 * @param norm the device of the final norm
 * @param head the device of the output embedding
 */
public record DeviceMap(String embedding, List<String> layers, String norm, String head) {
    public DeviceMap {
        layers = List.copyOf(layers);
    }

    /** Everything on one device. */
    public static DeviceMap allOn(String device, int layers) {
        return new DeviceMap(device, Collections.nCopies(layers, device), device, device);
    }

    /** Every device that holds something. */
    public SortedSet<String> devices() {
        SortedSet<String> devices = new TreeSet<>(layers);
        devices.addAll(List.of(embedding, norm, head));
        return devices;
    }
}
