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
     * Blocks one after the other so that the devices take equally long for a micro-batch.
     *
     * @param headCost of the head, in costs of a block
     * @param head the device of norm and head
     */
    static Spread even(List<String> devices, int blocks, double headCost, String head) {
        double[] loads = new double[devices.size()];
        int[] counts = new int[devices.size()];
        loads[devices.indexOf(head)] = headCost;
        for (int block = 0; block < blocks; block++) {
            int least = 0;
            for (int i = 1; i < loads.length; i++) {
                least = loads[i] < loads[least] ? i : least;
            }
            loads[least]++;
            counts[least]++;
        }
        List<String> layers = new ArrayList<>();
        for (int i = 0; i < counts.length; i++) {
            layers.addAll(Collections.nCopies(counts[i], devices.get(i)));
        }
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

    List<String> devices() {
        List<String> all = new ArrayList<>(map.devices());
        all.addAll(replicas);
        return all;
    }
}
