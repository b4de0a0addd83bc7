package dev.socratic.trainer.placement;

import dev.socratic.api.v1alpha1.spec.DeviceMapSpec;
import dev.socratic.api.v1alpha1.spec.DeviceMapStrategy;
import dev.socratic.api.v1alpha1.spec.Parallelism;
import dev.socratic.api.v1alpha1.spec.PlacementSpec;
import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.api.v1alpha1.spec.TrainingSpec;
import dev.socratic.trainer.data.MicroBatching.Grouping;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import dev.socratic.trainer.failure.TrainerFailure;
import dev.socratic.trainer.placement.ModuleTree.Quantized;
import dev.socratic.trainer.placement.ModuleTree.WeightFormat;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * Settles where a model's parts live, what is kept for the backward pass and how many rows pass at once, so that every
 * device stays under its cap in all: weights, adapter, optimizer, activations, workspace and context. Of the ways that do it
 * takes the one that is fastest by {@link StepTime}.
 */
public final class Planner {
    private static final String CPU = "cpu";
    private static final int MOST_MEBIBYTES = 1 << 20;
    /** Beyond so many tokens at once more rows save nothing worth their memory. */
    private static final int ENOUGH_TOKENS = 8192;

    private static final int ENOUGH_TOKENS_ON_CPU = 1024;

    /** More sections have too few blocks to be equal. */
    private static final int MOST_SECTIONS = 12;

    private static final List<SavedActivations> MORE =
            List.of(SavedActivations.BRANCHES, SavedActivations.PRODUCTS, SavedActivations.ALL);

    private final ModelShape shape;
    private final SocraticFineTuneSpec spec;
    private final Map<String, Long> deviceMemory;
    private final MemoryEstimate memory;
    private final StepTime time;

    private Planner(ModelShape shape, SocraticFineTuneSpec spec, Map<String, Long> deviceMemory, Kernels kernels) {
        this.shape = shape;
        this.spec = spec;
        this.deviceMemory = deviceMemory;
        this.memory = new MemoryEstimate(shape, spec, kernels);
        this.time = new StepTime(shape, spec, kernels);
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
        return planner.best(caps).orElseThrow(() -> planner.refusal(caps));
    }

    /** The lower of what is allowed and what is there. */
    private Map<String, Long> caps() {
        Map<String, Long> caps = new LinkedHashMap<>(deviceMemory);
        spec.placement().maxMemoryBytes().forEach((device, cap) -> caps.merge(device, cap, Math::min));
        return caps;
    }

    /** The ways to put the model on its devices that may be tried with so many rows at once, the preferred one first. */
    private List<Spread> spreads(Map<String, Long> caps, int rows) {
        PlacementSpec placement = spec.placement();
        DeviceMapSpec wanted = placement.deviceMap();
        int blocks = shape.layers();
        List<String> gpus = gpus();
        if (gpus.isEmpty()) {
            return List.of(Spread.layers(DeviceMap.allOn(CPU, blocks)));
        }
        if (placement.parallelism() == Parallelism.DATA) {
            requireStrategy(wanted);
            return List.of(Spread.data(gpus, blocks));
        }
        if (wanted.strategy() == null) {
            return List.of(Spread.layers(ExplicitMap.of(shape, wanted.modules(), gpus.size())));
        }
        Spread named = Spread.layers(named(wanted.strategy(), caps));
        if (wanted.strategy() != DeviceMapStrategy.AUTO) {
            return List.of(named);
        }
        return Stream.concat(divided(gpus, rows), Stream.of(named)).distinct().toList();
    }

    /** Divided by time, with one to three sections for each device, or one and the last one on the first device again. */
    private Stream<Spread> divided(List<String> gpus, int rows) {
        int each = gpus.size();
        return IntStream.of(each, each + 1, 2 * each, 3 * each)
                .filter(sections -> sections <= Math.min(shape.layers(), Math.max(each, MOST_SECTIONS)))
                .mapToObj(sections -> {
                    Tactic tactic = new Tactic(Tactic.Weights.EACH_TIME, rows, Tactic.MANY_LOGITS, sections);
                    return new Division(
                                    gpus,
                                    shape.layers(),
                                    time.headInBlocks(),
                                    spread -> time.of(Candidate.keepingInputs(spread, tactic)
                                            .keepingAll()))
                            .fastest(sections);
                });
    }

    private List<String> gpus() {
        return IntStream.range(0, spec.placement().gpus())
                .mapToObj(Integer::toString)
                .toList();
    }

    private void requireStrategy(DeviceMapSpec wanted) {
        if (wanted.strategy() == null) {
            throw Problem.of(FailureReason.InvalidConfiguration, "a device map divides what each GPU should hold whole")
                    .where("spec.placement.deviceMap")
                    .found("a map beside parallelism data")
                    .allowed("balanced, auto or sequential")
                    .remedy("leave the map out, or set spec.placement.parallelism to layers")
                    .failure();
        }
    }

    private DeviceMap named(DeviceMapStrategy strategy, Map<String, Long> caps) {
        Map<String, Long> usable = new LinkedHashMap<>();
        gpus().forEach(gpu -> usable.put(gpu, caps.getOrDefault(gpu, Long.MAX_VALUE / 2)));
        usable.put(CPU, caps.getOrDefault(CPU, Long.MAX_VALUE / 2));
        WeightFormat format =
                WeightFormat.of(spec.model().dtype(), spec.quantization() == null ? Quantized.NO : Quantized.NF4);
        return strategy == DeviceMapStrategy.SEQUENTIAL
                ? BalancedMap.sequential(shape, format, usable)
                : BalancedMap.balanced(shape, format, usable);
    }

    /** Of what fits, what takes the least time by estimate. What could be fastest is tried first, until none could be faster. */
    private Optional<RunPlan> best(Map<String, Long> caps) {
        List<Timed> byPromise = fitting(caps)
                .map(candidate -> timed(candidate, candidate.keepingAll()))
                .sorted(Comparator.comparingLong(Timed::time))
                .toList();
        Timed best = null;
        for (Timed promise : byPromise) {
            if (best != null && promise.time >= best.time) {
                break;
            }
            Candidate full = full(promise.candidate, caps);
            Timed taken = timed(full, full);
            if (best == null || taken.time < best.time) {
                best = taken;
            }
        }
        return Optional.ofNullable(best).map(timed -> plan(timed.candidate, caps));
    }

    /** @param time of a step in half percents, as its logarithm: estimates that differ by less say nothing */
    private record Timed(Candidate candidate, long time) {}

    private Timed timed(Candidate candidate, Candidate measured) {
        return new Timed(candidate, Math.round(200 * Math.log(time.of(measured))));
    }

    /** Ways that fit if every block is computed again. */
    private Stream<Candidate> fitting(Map<String, Long> caps) {
        return rows().boxed()
                .flatMap(rows -> spreads(caps, rows).stream()
                        .filter(spread -> !spillsOver(spread.map()))
                        .flatMap(
                                spread -> tactics(spread, rows).map(tactic -> Candidate.keepingInputs(spread, tactic))))
                .filter(candidate -> fits(candidate.spread().devices(), candidate, caps));
    }

    private boolean fits(List<String> devices, Candidate candidate, Map<String, Long> caps) {
        PipelineSchedule schedule = time.schedule(candidate);
        return devices.stream()
                .allMatch(id ->
                        memory.device(id, candidate, schedule, caps.get(id)).fits());
    }

    private Stream<Tactic> tactics(Spread spread, int rows) {
        int deepest = spread.isPipeline() ? spread.sections().size() : 1;
        return Stream.of(Tactic.Weights.values())
                .flatMap(weights -> LongStream.of(Tactic.MANY_LOGITS, Tactic.SOME_LOGITS, Tactic.FEW_LOGITS)
                        .boxed()
                        .flatMap(logits ->
                                depths(deepest).mapToObj(inFlight -> new Tactic(weights, rows, logits, inFlight))));
    }

    /** 1, 2, 4, … and the deepest. */
    private static IntStream depths(int deepest) {
        return IntStream.concat(
                IntStream.iterate(1, depth -> depth < deepest, depth -> 2 * depth), IntStream.of(deepest));
    }

    /** How many rows might pass at once, the most first. */
    private IntStream rows() {
        return IntStream.iterate(mostRows(), rows -> rows > 0, rows -> rows / 2);
    }

    /** Of a step's rows as many as have some effect, and at least those of a batch; no more where batches stay as declared. */
    private int mostRows() {
        TrainingSpec training = spec.training();
        int batch = training.batchSize();
        if (shape.grouping(spec) == Grouping.AS_DECLARED) {
            return batch;
        }
        int tokens = gpus().isEmpty() ? ENOUGH_TOKENS_ON_CPU : ENOUGH_TOKENS;
        long all = (long) batch * training.gradientAccumulation();
        return Math.max(batch, (int) Math.min(all, tokens / training.maxSequenceLength()));
    }

    /**
     * With more kept of as many blocks as the caps allow, a device's last ones first, as they come back soonest: branches of
     * all that can be, then products, then everything. Each of these saves less time for its bytes than the one before.
     */
    private Candidate full(Candidate candidate, Map<String, Long> caps) {
        Spread spread = candidate.spread();
        Candidate kept = candidate;
        for (String device : spread.map().devices()) {
            List<String> holders = new ArrayList<>(spread.replicas());
            holders.add(device);
            for (SavedActivations more : MORE) {
                kept = keepingMost(kept, more, device, holders, caps);
            }
        }
        return kept;
    }

    private Candidate keepingMost(
            Candidate candidate, SavedActivations more, String device, List<String> holders, Map<String, Long> caps) {
        List<Integer> blocks = IntStream.iterate(shape.layers() - 1, block -> block >= 0, block -> block - 1)
                .filter(block -> candidate.spread().map().layers().get(block).equals(device))
                .boxed()
                .toList();
        int most = 0;
        int beyond = blocks.size() + 1;
        while (beyond - most > 1) {
            int middle = (most + beyond) >>> 1;
            if (fits(holders, candidate.keeping(more, blocks.subList(0, middle)), caps)) {
                most = middle;
            } else {
                beyond = middle;
            }
        }
        return candidate.keeping(more, blocks.subList(0, most));
    }

    /** A strategy that ran out of GPUs. Who writes cpu into a map of their own means it. */
    private boolean spillsOver(DeviceMap map) {
        return spec.placement().gpus() > 0
                && spec.placement().deviceMap().strategy() != null
                && map.devices().stream().anyMatch(device -> !device.matches("[0-9]+"));
    }

    private RunPlan plan(Candidate candidate, Map<String, Long> caps) {
        Spread spread = candidate.spread();
        PipelineSchedule schedule = time.schedule(candidate);
        return new RunPlan(
                spread.map(),
                spread.replicas(),
                candidate.saved(),
                time.microBatching(candidate),
                new Pipeline(time.stages(candidate), schedule.held()),
                memory.parameters(),
                spread.devices().stream()
                        .map(id -> memory.device(id, candidate, schedule, caps.get(id)))
                        .toList());
    }

    private TrainerFailure refusal(Map<String, Long> caps) {
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
            if (fitting(caps).findAny().isPresent()) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }
}
