package dev.socratic.trainer.placement;

import dev.socratic.trainer.placement.ModuleTree.WeightFormat;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * {@code device_map="balanced"} in the order of transformers 4: shares are computed while the head is untied, then the
 * head is tied, then modules are placed. Only that order uses both GPUs for Gemma 2 2B. What is computed is that of
 * accelerate 1.15, {@code utils/modeling.py}: {@code get_balanced_memory} and {@code infer_auto_device_map}.
 */
final class BalancedMap {
    private static final double QUANTIZED_SHARE = 0.90;
    private static final String CPU = "cpu";
    private static final String NOWHERE = "disk";

    private final ModelShape shape;
    private final List<String> devices;
    private final Map<String, Double> capacity;
    private final Map<String, String> placed = new HashMap<>();
    private final List<ModuleTree> queue;
    private long reserve;
    private Set<String> largest;

    private BalancedMap(ModelShape shape, WeightFormat format, List<String> devices, Map<String, Double> capacity) {
        this.shape = shape;
        this.devices = devices;
        this.capacity = capacity;
        this.queue = new ArrayList<>(ModuleTree.of(shape, format));
    }

    /** Spreads the layers evenly over the GPUs of {@code caps} (bytes by device), the rest on the CPU. */
    static DeviceMap balanced(ModelShape shape, WeightFormat format, Map<String, Long> caps) {
        List<String> gpus = gpus(caps);
        Map<String, Double> capacity = new HashMap<>();
        caps.forEach((device, bytes) -> capacity.put(device, (double) bytes));
        long share = gpus.isEmpty() ? 0 : share(shape, format, gpus.size());
        gpus.stream()
                .limit(Math.max(gpus.size() - 1, 0))
                .forEach(gpu -> capacity.merge(gpu, (double) share, Math::min));
        return place(shape, format, gpus, capacity);
    }

    /** Fills one GPU after the other. */
    static DeviceMap sequential(ModelShape shape, WeightFormat format, Map<String, Long> caps) {
        Map<String, Double> capacity = new HashMap<>();
        caps.forEach((device, bytes) -> capacity.put(device, (double) bytes));
        return place(shape, format, gpus(caps), capacity);
    }

    private static DeviceMap place(
            ModelShape shape, WeightFormat format, List<String> gpus, Map<String, Double> capacity) {
        if (format.linearBits() == 4) {
            capacity.replaceAll((device, bytes) -> bytes * QUANTIZED_SHARE);
        }
        List<String> devices = new ArrayList<>(gpus);
        if (capacity.containsKey(CPU)) {
            devices.add(CPU);
        }
        devices.add(NOWHERE);
        return new BalancedMap(shape, format, devices, capacity).place();
    }

    private static List<String> gpus(Map<String, Long> caps) {
        Map<Integer, String> sorted = new TreeMap<>();
        caps.keySet().stream()
                .filter(device -> !device.equals(CPU))
                .forEach(device -> sorted.put(Integer.valueOf(device), device));
        return List.copyOf(sorted.values());
    }

    /** An equal part of the untied model, and room for the unevenness of whole layers. */
    private static long share(ModelShape shape, WeightFormat format, int gpus) {
        long total = ModuleTree.of(shape, format).stream()
                        .mapToLong(ModuleTree::bytes)
                        .sum()
                + (shape.head() == ModelShape.Head.TIED ? shape.embeddingElements() * format.dtypeBytes() : 0);
        // embedding, head, final norm and rotary embedding besides the tensors of each layer
        int leaves = 4 + shape.layers() * shape.tensors();
        long buffer = Math.max(ModuleTree.layerBytes(shape, format), total / leaves);
        return total / gpus + (long) (1.25 * buffer);
    }

    private DeviceMap place() {
        findLargest(queue);
        int current = 0;
        double used = 0;
        while (!queue.isEmpty()) {
            ModuleTree module = queue.remove(0);
            largest.removeIf(module::contains);
            if (largest.isEmpty()) {
                findLargest(queue);
            }
            String device = devices.get(current);
            double room = device.equals(NOWHERE)
                    ? Double.POSITIVE_INFINITY
                    : capacity.get(device) - (current == 0 || device.equals(CPU) ? reserve : 0);
            if (used + module.bytes() <= room) {
                used += module.bytes();
                put(module, device);
            } else if (!module.children().isEmpty()) {
                queue.addAll(0, module.children());
                findLargest(queue);
            } else {
                queue.add(0, module);
                current++;
                used = 0;
            }
        }
        return new DeviceMap(
                placed.get(ModuleTree.EMBEDDING),
                IntStream.range(0, shape.layers())
                        .mapToObj(index -> placed.get(ModuleTree.layer(index)))
                        .toList(),
                placed.get(ModuleTree.NORM),
                placed.get(ModuleTree.HEAD));
    }

    private void put(ModuleTree module, String device) {
        module.unsplittable().forEach(part -> placed.put(part.name(), device));
        if (shape.head() == ModelShape.Head.TIED && module.contains(ModuleTree.EMBEDDING)) {
            placed.put(ModuleTree.HEAD, device);
            queue.removeIf(waiting -> waiting.name().equals(ModuleTree.HEAD));
        }
    }

    /** Room is kept on the first GPU and on the CPU for the largest module that is still to be placed. */
    private void findLargest(List<ModuleTree> modules) {
        reserve = modules.stream()
                .flatMap(ModuleTree::unsplittable)
                .mapToLong(ModuleTree::bytes)
                .max()
                .orElse(0);
        largest = new HashSet<>(modules.stream()
                .flatMap(ModuleTree::unsplittable)
                .filter(module -> module.bytes() == reserve)
                .map(ModuleTree::name)
                .toList());
    }
}
