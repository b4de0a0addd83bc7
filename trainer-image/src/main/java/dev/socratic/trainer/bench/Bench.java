package dev.socratic.trainer.bench;

import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.trainer.bench.BenchSettings.Parts;
import dev.socratic.trainer.bench.TimedOps.Mode;
import dev.socratic.trainer.cuda.Acceleration;
import dev.socratic.trainer.data.Example;
import dev.socratic.trainer.engine.Devices;
import dev.socratic.trainer.engine.Precision;
import dev.socratic.trainer.engine.TorchEngine;
import dev.socratic.trainer.model.LoadRequest;
import dev.socratic.trainer.model.ModelConfig;
import dev.socratic.trainer.model.Replicas;
import dev.socratic.trainer.parallel.StepGradients;
import dev.socratic.trainer.placement.Kernels;
import dev.socratic.trainer.placement.Planner;
import dev.socratic.trainer.placement.RunPlan;
import dev.socratic.trainer.placement.SavedActivations;
import dev.socratic.trainer.progress.ProgressSink;
import dev.socratic.trainer.progress.TrainingStep;
import dev.socratic.trainer.run.GpuEngine;
import dev.socratic.trainer.run.Machine;
import dev.socratic.trainer.train.StopSignal;
import dev.socratic.trainer.train.Trainer;
import dev.socratic.trainer.train.TrainingJob;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The {@code bench} command's work: the training loop itself on synthetic examples, as the planner lays it out. */
public final class Bench {
    private final BenchSettings settings;
    private final SocraticFineTuneSpec spec;
    private final Path kernelCache;

    /** @param kernelCache folder for compiled kernels */
    public Bench(BenchSettings settings, Path kernelCache) {
        this.settings = settings;
        this.spec = BenchSpec.of(settings);
        this.kernelCache = kernelCache;
    }

    /** @return what was measured, by name, ready to be written as JSON */
    public Map<String, Object> run() {
        Path folder = null;
        try {
            folder = Files.createTempDirectory("socratic-bench");
            settings.preset().write(folder);
            if (settings.compared().isEmpty()) {
                return measure(
                        folder, new Steps(ManagementFactory.getRuntimeMXBean().getStartTime()));
            }
            PythonPeer peer = new PythonPeer(settings.compared().get(), folder, settings, spec);
            peer.makeModel();
            Steps steps = new Steps(System.currentTimeMillis());
            Map<String, Object> result = measure(folder, steps);
            List<Example> examples = examples(ModelConfig.read(folder));
            result.put("compared", steps.beside(peer.train(examples, steps.learningRates)));
            return result;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write to the folder for temporary files", e);
        } finally {
            delete(folder);
        }
    }

    private Map<String, Object> measure(Path folder, Steps steps) {
        ModelConfig config = ModelConfig.read(folder);
        try (TorchEngine plain = TorchEngine.start()) {
            int gpus = settings.kernels() == Kernels.OURS ? settings.gpus() : 0;
            Acceleration acceleration = Acceleration.of(plain, gpus, Precision.of(settings.dtype()), kernelCache);
            TorchEngine engine = acceleration.engine();
            Map<String, Long> context = used();
            RunPlan plan = Planner.plan(config.shape(0), spec, Machine.memory(settings.gpus()), acceleration.kernels());
            List<Example> examples = examples(config);
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("preset", settings.preset().key());
            result.put("shape", settings.batch() + "x" + settings.length());
            result.put("accumulation", settings.accumulation());
            result.put("dtype", settings.dtype().name());
            result.put("weights", settings.weights().name());
            result.put("attention", settings.attention().name());
            result.put("kernels", kernels(acceleration));
            result.put("parallelism", settings.parallelism().name());
            result.put("blocksKeeping", kept(plan));
            result.put("microBatch", plan.microBatching().rows());
            result.put("microBatchesInFlight", plan.pipeline().inFlight());
            train(engine, folder, plan, examples, steps);
            result.putAll(steps.summary());
            result.put("devices", devices(plan, context));
            if (settings.parts() == Parts.MEASURED) {
                result.put("parts", parts(engine, folder, plan, examples));
            }
            return result;
        }
    }

    private static Map<SavedActivations, Long> kept(RunPlan plan) {
        Map<SavedActivations, Long> blocks = new EnumMap<>(SavedActivations.class);
        plan.saved().forEach(each -> blocks.merge(each, 1L, Long::sum));
        return blocks;
    }

    private String kernels(Acceleration acceleration) {
        if (settings.gpus() == 0 || settings.kernels() == Kernels.TORCH) {
            return "torch";
        }
        return acceleration.whyNot().map(why -> "torch, as " + why).orElse("ours");
    }

    private void train(TorchEngine engine, Path folder, RunPlan plan, List<Example> examples, ProgressSink sink) {
        GpuEngine.spend(engine, plan);
        LoadRequest request = new LoadRequest(folder, spec, plan.map(), 0, Optional.empty(), plan.saved());
        try (Replicas replicas = settings.compared().isPresent()
                        ? Replicas.load(engine, request, plan.replicas())
                        : Replicas.random(engine, request, plan.replicas());
                StepGradients gradients = StepGradients.of(replicas, plan.pipeline());
                StopSignal stop = StopSignal.onSigterm()) {
            TrainingJob job = new TrainingJob(
                    "bench", spec, examples, List.of(), plan.microBatching(), folder.resolve("checkpoints"));
            GpuEngine.work(engine, () -> new Trainer(replicas.first(), gradients, sink, stop).run(job));
        }
    }

    /** One step's examples, again at each step. */
    private List<Example> examples(ModelConfig config) {
        Random random = new Random(0);
        return Stream.generate(() -> IntStream.generate(() -> random.nextInt(config.vocabularySize()))
                        .limit(settings.length())
                        .toArray())
                .limit((long) settings.batch() * settings.accumulation())
                .map(ids -> new Example(ids, ids))
                .toList();
    }

    /** Milliseconds of a step by operation: until launched, and until complete, one operation at a time. */
    private Map<String, Object> parts(TorchEngine engine, Path folder, RunPlan plan, List<Example> examples) {
        String device = plan.devices().get(0).id();
        TimedOps timed = new TimedOps(engine, Devices.of(device));
        Map<String, Object> parts = new LinkedHashMap<>();
        int last = settings.warmUp() + settings.steps();
        train(engine.withOps(timed.ops()), folder, plan, examples, new ProgressSink() {
            @Override
            public void step(TrainingStep step) {
                if (step.step() == last - 2) {
                    timed.measure(Mode.LAUNCHES);
                } else if (step.step() == last - 1) {
                    parts.put("launchMilliseconds", timed.milliseconds());
                    timed.measure(Mode.COMPLETE);
                } else if (step.step() == last) {
                    parts.put("completeMilliseconds", timed.milliseconds());
                }
            }
        });
        return parts;
    }

    private Map<String, Long> used() {
        Map<String, Long> used = new LinkedHashMap<>();
        IntStream.range(0, settings.gpus())
                .mapToObj(Integer::toString)
                .forEach(gpu -> used.put(gpu, Machine.usedBytes(gpu)));
        return used;
    }

    private List<Map<String, Object>> devices(RunPlan plan, Map<String, Long> context) {
        List<Map<String, Object>> devices = new ArrayList<>();
        for (RunPlan.Device device : plan.devices()) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("id", device.id());
            entry.put("name", Machine.name(device.id()));
            entry.put("holds", device.layers());
            entry.put("capBytes", device.capBytes());
            entry.put("plannedBytes", device.plannedBytes());
            entry.put("peakBytes", Machine.peakBytes(device.id()));
            entry.put("contextBytes", context.get(device.id()));
            devices.add(entry);
        }
        return devices;
    }

    private final class Steps implements ProgressSink {
        private final List<Double> rates = new ArrayList<>();
        private final List<Double> losses = new ArrayList<>();
        private final List<Double> learningRates = new ArrayList<>();
        private final List<Double> cpuSeconds = new ArrayList<>();
        private final long started;
        private double toFirstStep;
        private long cpuNanos;

        /** @param started since when the first step is waited for, in milliseconds of the epoch */
        Steps(long started) {
            this.started = started;
        }

        @Override
        public void step(TrainingStep step) {
            losses.add(step.loss());
            learningRates.add(step.learningRate());
            if (step.step() == 1) {
                toFirstStep = (System.currentTimeMillis() - started) / 1e3;
            }
            long cpuNanosNow = Machine.cpuNanos();
            if (step.step() > settings.warmUp()) {
                rates.add(step.tokensPerSecond());
                cpuSeconds.add((cpuNanosNow - cpuNanos) / 1e9);
            }
            cpuNanos = cpuNanosNow;
        }

        private Map<String, Object> summary() {
            Map<String, Object> summary = new LinkedHashMap<>();
            summary.put("tokensPerSecondMedian", Math.round(median(rates)));
            summary.put("tokensPerSecondBest", Math.round(Collections.max(rates)));
            summary.put("tokensPerSecond", rates.stream().map(Math::round).toList());
            summary.put("cpuSecondsPerStep", median(cpuSeconds));
            summary.put("secondsToFirstStep", toFirstStep);
            summary.put("losses", losses);
            return summary;
        }

        /** What a peer measured, and what is measured here relative to it. */
        private Map<String, Object> beside(PythonPeer.Measured peer) {
            List<Double> theirs =
                    peer.tokensPerSecond().stream().map(Long::doubleValue).toList();
            Long peak = Machine.peakBytes(settings.gpus() == 0 ? "cpu" : "0");
            Map<String, Object> compared = new LinkedHashMap<>();
            compared.put("versions", peer.versions());
            compared.put("gradientCheckpointing", peer.gradientCheckpointing());
            compared.put("tokensPerSecondMedian", Math.round(median(theirs)));
            compared.put("tokensPerSecond", peer.tokensPerSecond());
            compared.put("cpuSecondsPerStep", peer.cpuSecondsPerStep());
            compared.put("peakBytes", peer.peakBytes());
            compared.put("timesTheirTokensPerSecond", hundredths(median(rates) / median(theirs)));
            compared.put("timesTheirCpuSeconds", hundredths(median(cpuSeconds) / peer.cpuSecondsPerStep()));
            compared.put("timesTheirPeak", peak == null ? null : hundredths((double) peak / peer.peakBytes()));
            compared.put(
                    "largestDifferenceOfLosses",
                    IntStream.range(0, losses.size())
                            .mapToDouble(
                                    i -> Math.abs(losses.get(i) - peer.losses().get(i)))
                            .max()
                            .orElseThrow());
            return compared;
        }
    }

    private static double hundredths(double ratio) {
        return Math.round(ratio * 100) / 100.0;
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }

    private static void delete(Path folder) {
        if (folder == null) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(path -> path.toFile().delete());
        } catch (IOException leftToTheSystem) {
            return;
        }
    }
}
