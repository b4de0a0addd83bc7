package dev.socratic.trainer.placement;

import dev.socratic.api.v1alpha1.spec.DeviceMapSpec;
import dev.socratic.api.v1alpha1.spec.DeviceMapStrategy;
import dev.socratic.api.v1alpha1.spec.PlacementSpec;
import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import dev.socratic.trainer.failure.TrainerFailure;
import dev.socratic.trainer.placement.ModuleTree.Quantized;
import dev.socratic.trainer.placement.ModuleTree.WeightFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Settles where a model's parts live, what is kept for the backward pass and how many rows pass at once, so that every
 * device stays under its cap in all: weights, adapter, optimizer, activations, workspace and context.
 */
public final class Planner {
    private static final String CPU = "cpu";
    private static final int MOST_MEBIBYTES = 1 << 20;

    private final ModelShape shape;
    private final SocraticFineTuneSpec spec;
    private final Map<String, Long> deviceMemory;
    private final Kernels kernels;

    private Planner(ModelShape shape, SocraticFineTuneSpec spec, Map<String, Long> deviceMemory, Kernels kernels) {
        this.shape = shape;
        this.spec = spec;
        this.deviceMemory = deviceMemory;
        this.kernels = kernels;
    }

    /**
     * The plan of a run.
     *
     * @param kernels what GPUs compute with
     * @param deviceMemory bytes of the devices at hand, where known: they bound what maxMemory leaves open
     * @throws TrainerFailure InvalidConfiguration for a device map that does not suit the model, OutOfMemory with the
     *     smallest cap that would work if nothing fits
     */
    public static RunPlan plan(
            ModelShape shape, SocraticFineTuneSpec spec, Map<String, Long> deviceMemory, Kernels kernels) {
        Planner planner = new Planner(shape, spec, deviceMemory, kernels);
        Map<String, Long> caps = planner.caps();
        DeviceMap map = planner.map(caps);
        return planner.fit(map, caps).orElseThrow(() -> planner.refusal(map, caps));
    }

    /** The lower of what is allowed and what is there. */
    private Map<String, Long> caps() {
        Map<String, Long> caps = new LinkedHashMap<>(deviceMemory);
        spec.placement().maxMemoryBytes().forEach((device, cap) -> caps.merge(device, cap, Math::min));
        return caps;
    }

    private DeviceMap map(Map<String, Long> caps) {
        PlacementSpec placement = spec.placement();
        DeviceMapSpec wanted = placement.deviceMap();
        if (placement.gpus() == 0) {
            return DeviceMap.allOn(CPU, shape.layers());
        }
        if (wanted.strategy() == null) {
            return ExplicitMap.of(shape, wanted.modules(), placement.gpus());
        }
        Map<String, Long> usable = new LinkedHashMap<>();
        IntStream.range(0, placement.gpus())
                .mapToObj(Integer::toString)
                .forEach(gpu -> usable.put(gpu, caps.getOrDefault(gpu, Long.MAX_VALUE / 2)));
        usable.put(CPU, caps.getOrDefault(CPU, Long.MAX_VALUE / 2));
        WeightFormat format =
                WeightFormat.of(spec.model().dtype(), spec.quantization() == null ? Quantized.NO : Quantized.NF4);
        return wanted.strategy() == DeviceMapStrategy.SEQUENTIAL
                ? BalancedMap.sequential(shape, format, usable)
                : BalancedMap.balanced(shape, format, usable);
    }

    /** Prefers to keep everything, then whole batches, then as many rows as fit; the head's share shrinks before rows do. */
    private Optional<RunPlan> fit(DeviceMap map, Map<String, Long> caps) {
        if (!spillsOver(map)) {
            return tactics()
                    .map(tactic -> plan(map, caps, tactic))
                    .filter(RunPlan::fits)
                    .findFirst();
        }
        return Optional.empty();
    }

    private Stream<Tactic> tactics() {
        int rows = batchSize();
        Stream<Tactic> everything = Stream.of(
                new Tactic(SavedActivations.ALL, Tactic.Weights.KEPT, rows, Tactic.MANY_LOGITS),
                new Tactic(SavedActivations.ALL, Tactic.Weights.EACH_TIME, rows, Tactic.MANY_LOGITS),
                new Tactic(SavedActivations.ALL, Tactic.Weights.EACH_TIME, rows, Tactic.SOME_LOGITS),
                new Tactic(SavedActivations.INPUTS, Tactic.Weights.KEPT, rows, Tactic.MANY_LOGITS));
        Stream<Tactic> again = Stream.iterate(rows, now -> now > 0, now -> now / 2)
                .flatMap(now -> Stream.of(Tactic.MANY_LOGITS, Tactic.SOME_LOGITS, Tactic.FEW_LOGITS)
                        .map(logits -> new Tactic(SavedActivations.INPUTS, Tactic.Weights.EACH_TIME, now, logits)));
        return Stream.concat(everything, again);
    }

    /** A strategy that ran out of GPUs. Who writes cpu into a map of their own means it. */
    private boolean spillsOver(DeviceMap map) {
        return spec.placement().gpus() > 0
                && spec.placement().deviceMap().strategy() != null
                && map.devices().stream().anyMatch(device -> !device.matches("[0-9]+"));
    }

    private int batchSize() {
        return spec.training().batchSize();
    }

    private RunPlan plan(DeviceMap map, Map<String, Long> caps, Tactic tactic) {
        MemoryEstimate estimate = new MemoryEstimate(shape, spec, kernels);
        return new RunPlan(
                map,
                tactic.saved(),
                tactic.rows(),
                estimate.parameters(),
                map.devices().stream()
                        .map(id -> estimate.device(id, map, caps.get(id), tactic))
                        .toList());
    }

    private TrainerFailure refusal(DeviceMap map, Map<String, Long> caps) {
        String kind = spec.placement().gpus() == 0 ? CPU : "GPU";
        String found = caps.entrySet().stream()
                .filter(cap -> cap.getKey().equals(CPU) == kind.equals(CPU))
                .map(cap -> cap.getKey() + ": " + (cap.getValue() >> 20) + "Mi")
                .sorted()
                .reduce((a, b) -> a + ", " + b)
                .orElse("no cap");
        long smallest = smallestCap();
        return Problem.of(
                        FailureReason.OutOfMemory,
                        "the run does not fit, even with one row at a time and everything computed again")
                .where("spec.placement.maxMemory")
                .found(found)
                .allowed("at least " + smallest + "Mi for each " + kind)
                .remedy("raise the caps to " + smallest + "Mi, lower spec.training.maxSequenceLength"
                        + (spec.quantization() == null ? ", quantize" : "") + ", or give more GPUs")
                .failure();
    }

    /** The smallest cap in MiB that, on every device of the run's kind, lets the run fit. */
    private long smallestCap() {
        int low = 1;
        int high = MOST_MEBIBYTES;
        while (low < high) {
            int middle = (low + high) >>> 1;
            Map<String, Long> caps = new LinkedHashMap<>(caps());
            int gpus = spec.placement().gpus();
            IntStream.range(0, Math.max(gpus, 1))
                    .mapToObj(gpu -> gpus == 0 ? CPU : Integer.toString(gpu))
                    .forEach(device -> caps.put(device, (long) middle << 20));
            if (fit(map(caps), caps).isPresent()) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }
}
