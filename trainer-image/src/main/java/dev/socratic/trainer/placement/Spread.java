package dev.socratic.trainer.placement;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * A model on its devices.
 *
 * @param replicas devices that hold all of the model beside the one of the map
 */
record Spread(DeviceMap map, List<String> replicas) {
    Spread {
        replicas = List.copyOf(replicas);
    }

    static Spread layers(DeviceMap map) {
        return new Spread(map, List.of());
    }

    /** The whole model on each device. */
    static Spread data(List<String> devices, int blocks) {
        return new Spread(DeviceMap.allOn(devices.get(0), blocks), devices.subList(1, devices.size()));
    }

    /**
     * Blocks one after the other in sections, for which the devices take turns.
     *
     * @param blocks of each section; only the last one, which has the head, may have none
     */
    static Spread inTurns(List<String> devices, List<Integer> blocks) {
        List<String> layers = new ArrayList<>();
        for (int section = 0; section < blocks.size(); section++) {
            layers.addAll(Collections.nCopies(blocks.get(section), devices.get(section % devices.size())));
        }
        String head = devices.get((blocks.size() - 1) % devices.size());
        return layers(new DeviceMap(devices.get(0), layers, head, head));
    }

    List<Section> sections() {
        return Section.of(map);
    }

    /** Devices that work on different micro-batches at the same time if each section has one. */
    boolean isPipeline() {
        return map.devices().size() > 1;
    }

    /** The map of the model that a device holds: that of the run, or for a replica everything on it. */
    DeviceMap mapOf(String device) {
        return replicas.contains(device) ? DeviceMap.allOn(device, map.layers().size()) : map;
    }

    /** The device of the map that does what a device does. */
    String mapped(String device) {
        return replicas.contains(device) ? map.embedding() : device;
    }

    List<String> devices() {
        List<String> all = new ArrayList<>(map.devices());
        all.addAll(replicas);
        return all;
    }
}
