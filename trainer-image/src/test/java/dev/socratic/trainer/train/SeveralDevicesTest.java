package dev.socratic.trainer.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.trainer.cuda.Acceleration;
import dev.socratic.trainer.engine.Ops;
import dev.socratic.trainer.engine.Precision;
import dev.socratic.trainer.engine.TorchEngine;
import dev.socratic.trainer.failure.TrainerFailure;
import dev.socratic.trainer.model.LoadRequest;
import dev.socratic.trainer.model.MicroBatch;
import dev.socratic.trainer.model.Replicas;
import dev.socratic.trainer.parallel.StepGradients;
import dev.socratic.trainer.placement.DeviceMap;
import dev.socratic.trainer.placement.Pipeline;
import dev.socratic.trainer.placement.PipelineSchedule.Stage;
import dev.socratic.trainer.placement.SavedActivations;
import dev.socratic.trainer.progress.ProgressSink;
import dev.socratic.trainer.progress.TrainingStep;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Several devices train as one does. The devices are {@code cpu:0}, {@code cpu:1}, …: parts of the CPU with a thread each. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class SeveralDevicesTest {
    private static final String ONE = "cpu cpu cpu cpu cpu";
    private static final int MICRO_BATCHES = 3;

    private TorchEngine engine;
    private StopSignal stop;

    @TempDir
    Path scratch;

    @BeforeEach
    void start() {
        engine = TorchEngine.start();
        stop = StopSignal.onSigterm();
    }

    @AfterEach
    void end() {
        stop.close();
        engine.close();
    }

    /** What a run came to. */
    private record Trained(List<String> steps, List<Double> norms, Map<String, List<Float>> adapter) {}

    /** Devices of the embedding, the three blocks and the head; the one device keeps everything. */
    @ParameterizedTest
    @CsvSource({
        "gemma2-nf4-eager, cpu:0 cpu:0 cpu:1 cpu:1 cpu:0, 3, ALL",
        "gemma2-nf4-eager, cpu:0 cpu:0 cpu:1 cpu:1 cpu:0, 2, INPUTS",
        "gemma2-nf4-eager, cpu:0 cpu:0 cpu:0 cpu:1 cpu:1, 2, BRANCHES",
        "gemma2-nf4-save, cpu:0 cpu:1 cpu:2 cpu:3 cpu:3, 4, ALL",
        "llama3-dense-sdpa, cpu:0 cpu:0 cpu:0 cpu:1 cpu:1, 3, BRANCHES",
        "qwen3-nf4, cpu:0 cpu:1 cpu:0 cpu:1 cpu:1, 3, PRODUCTS",
    })
    void dividedLayersEqualOneDeviceToTheLastBit(String name, String devices, int inFlight, SavedActivations saved) {
        GoldenCase golden = GoldenCase.read(name);
        SocraticFineTuneSpec spec = spec(golden);
        Trained one = run(
                golden, spec, ONE, SavedActivations.ALL, SeveralDevicesTest::oneAfterTheOther, scratch.resolve("one"));
        Trained divided =
                run(golden, spec, devices, saved, replicas -> pipelined(replicas, inFlight), scratch.resolve("many"));
        assertThat(divided).isEqualTo(one);
    }

    /** Of seven examples of different length each, a step takes three or the rest: shares of two and one, or one and none. */
    @ParameterizedTest
    @CsvSource({"gemma2-nf4-eager, 1", "gemma2-nf4-save, 2", "llama3-dense-sdpa, 3"})
    void replicasEqualOneDeviceButForTheOrderOfSums(String name, int further) {
        GoldenCase golden = GoldenCase.read(name);
        SocraticFineTuneSpec spec = spec(golden);
        Trained one = run(
                golden, spec, ONE, SavedActivations.ALL, SeveralDevicesTest::oneAfterTheOther, scratch.resolve("one"));
        Trained threads = run(
                golden,
                spec,
                "cpu:0 cpu:0 cpu:0 cpu:0 cpu:0",
                further,
                replicas -> StepGradients.of(replicas, new Pipeline(List.of(), List.of())),
                scratch.resolve("threads"));
        Trained inTurn =
                run(golden, spec, "cpu:0 cpu:0 cpu:0 cpu:0 cpu:0", further, InTurn::new, scratch.resolve("turn"));
        assertThat(threads).isEqualTo(inTurn);
        for (int i = 0; i < one.norms.size(); i++) {
            assertThat(threads.norms.get(i)).isCloseTo(one.norms.get(i), within(1e-4 * one.norms.get(i)));
        }
        one.adapter.forEach((tensor, values) -> {
            List<Float> other = threads.adapter.get(tensor);
            for (int i = 0; i < values.size(); i++) {
                assertThat(other.get(i)).as(tensor).isCloseTo(values.get(i), within(2e-4f));
            }
        });
    }

    @Test
    void aRunGoesOnFromACheckpointOnOtherDevices() {
        GoldenCase golden = GoldenCase.read("gemma2-nf4-eager");
        SocraticFineTuneSpec spec = spec(golden);
        Trained whole = run(
                golden, spec, ONE, SavedActivations.ALL, SeveralDevicesTest::oneAfterTheOther, scratch.resolve("one"));
        Path checkpoints = scratch.resolve("parts");
        String halves = "cpu:0 cpu:0 cpu:1 cpu:1 cpu:0";
        assertThatThrownBy(() -> run(
                        golden,
                        spec,
                        halves,
                        SavedActivations.INPUTS,
                        replicas -> stopping(pipelined(replicas, 3), 3),
                        checkpoints))
                .isInstanceOf(TrainerFailure.class)
                .hasMessageContaining("step 3");
        stop.close();
        stop = StopSignal.onSigterm();
        Trained rest = run(golden, spec, ONE, SavedActivations.ALL, SeveralDevicesTest::oneAfterTheOther, checkpoints);
        assertThat(rest.adapter).isEqualTo(whole.adapter);
        assertThat(rest.steps).isEqualTo(whole.steps.subList(3, whole.steps.size()));
    }

    /** The same on real devices: in float32 by libtorch's operations, in bfloat16 by kernels of our own. */
    @ParameterizedTest
    @CsvSource({"float32, 1e-3", "bfloat16, 3e-2"})
    void twoGpusEqualOne(String compute, double tolerance) {
        assumeTrue(Engine.getEngine("PyTorch").getGpuCount() > 1, "there are no two GPUs");
        Precision precision = Precision.valueOf(compute.toUpperCase(Locale.ROOT));
        engine = Acceleration.of(engine, 2, precision, scratch.resolve("kernels"))
                .engine();
        GoldenCase golden = GoldenCase.read("gemma2-nf4-sdpa");
        SocraticFineTuneSpec spec = spec(golden, "quantization.computeDtype: " + compute);
        String oneGpu = "0 0 0 0 0";
        Trained one = run(golden, spec, oneGpu, 0, SeveralDevicesTest::oneAfterTheOther, scratch.resolve("one"));
        Trained divided =
                run(golden, spec, "0 0 1 1 0", 0, replicas -> pipelined(replicas, 3), scratch.resolve("divided"));
        Trained inTurns =
                run(golden, spec, "0 0 1 0 1", 0, replicas -> pipelined(replicas, 4), scratch.resolve("turns"));
        Trained shared = run(
                golden,
                spec,
                oneGpu,
                1,
                replicas -> StepGradients.of(replicas, new Pipeline(List.of(), List.of())),
                scratch.resolve("shared"));
        for (int i = 0; i < one.norms.size(); i++) {
            double norm = one.norms.get(i);
            assertThat(divided.norms.get(i)).isCloseTo(norm, within(tolerance * norm));
            assertThat(inTurns.norms.get(i)).isCloseTo(norm, within(tolerance * norm));
            assertThat(shared.norms.get(i)).isCloseTo(norm, within(tolerance * norm));
        }
    }

    /** The thread that fails does not leave the others waiting. */
    @Test
    void aFailureOnOneDeviceEndsTheStep() {
        GoldenCase golden = GoldenCase.read("gemma2-nf4-eager");
        AtomicInteger calls = new AtomicInteger();
        Ops ops = engine.ops();
        Ops failing = (Ops) Proxy.newProxyInstance(
                Ops.class.getClassLoader(), new Class<?>[] {Ops.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("gateBackward") && calls.incrementAndGet() == 4) {
                        throw new IllegalStateException("the device is lost");
                    }
                    try {
                        return method.invoke(ops, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
        engine = engine.withOps(failing);
        assertThatThrownBy(() -> run(
                        golden,
                        spec(golden),
                        "cpu:0 cpu:0 cpu:1 cpu:2 cpu:0",
                        SavedActivations.ALL,
                        replicas -> pipelined(replicas, 3),
                        scratch.resolve("lost")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the device is lost");
    }

    private SocraticFineTuneSpec spec(GoldenCase golden, String... more) {
        List<String> changes = new ArrayList<>(List.of(
                "lora.dropout: 0.2",
                "training.neftuneNoiseAlpha: 5",
                "dataset.shuffle: true",
                "training.batchSize: 1",
                "training.gradientAccumulation: 3",
                "training.maxSteps: 5",
                "training.checkpointEverySteps: 2",
                "training.evalEverySteps: 2"));
        changes.addAll(List.of(more));
        return golden.spec(scratch, changes.toArray(String[]::new));
    }

    private static StepGradients oneAfterTheOther(Replicas replicas) {
        return StepGradients.on(replicas.first());
    }

    private static StepGradients pipelined(Replicas replicas, int inFlight) {
        List<Stage> stages = replicas.first().layout().stream()
                .map(section -> new Stage(section.device(), 1 + section.blocks(), 1 + 2 * section.blocks()))
                .toList();
        return StepGradients.of(replicas, Pipeline.of(stages, MICRO_BATCHES, inFlight));
    }

    private StepGradients stopping(StepGradients gradients, int steps) {
        AtomicInteger done = new AtomicInteger();
        return new StepGradients() {
            @Override
            public double sum(Step step) {
                if (done.incrementAndGet() == steps) {
                    stop.request();
                }
                return gradients.sum(step);
            }

            @Override
            public void close() {
                gradients.close();
            }
        };
    }

    /** What replicas do, on one thread. */
    private record InTurn(Replicas replicas) implements StepGradients {
        @Override
        public double sum(Step step) {
            replicas.first().adapter().zeroGradients();
            replicas.spread();
            double[] losses = new double[step.micro().size()];
            try (NDManager results = replicas.first().newScope()) {
                int count = replicas.decoders().size();
                for (int replica = 0; replica < count; replica++) {
                    for (int i = replica; i < losses.length; i += count) {
                        try (MicroBatch micro = step.begin(replicas.decoders().get(replica), results, i)) {
                            micro.forward(0);
                            micro.backward(0);
                            losses[i] = micro.loss().toDoubleArray()[0];
                        }
                    }
                }
                replicas.gather();
            }
            return Arrays.stream(losses).reduce(0, Double::sum);
        }

        @Override
        public void close() {
            // no threads
        }
    }

    private Trained run(
            GoldenCase golden,
            SocraticFineTuneSpec spec,
            String devices,
            SavedActivations saved,
            Function<Replicas, StepGradients> gradients,
            Path checkpoints) {
        List<SavedActivations> mixed = List.of(saved, SavedActivations.INPUTS, saved);
        return run(golden, spec, devices, mixed, 0, gradients, checkpoints);
    }

    private Trained run(
            GoldenCase golden,
            SocraticFineTuneSpec spec,
            String devices,
            int further,
            Function<Replicas, StepGradients> gradients,
            Path checkpoints) {
        List<SavedActivations> all = List.of(SavedActivations.ALL, SavedActivations.ALL, SavedActivations.ALL);
        return run(golden, spec, devices, all, further, gradients, checkpoints);
    }

    private Trained run(
            GoldenCase golden,
            SocraticFineTuneSpec spec,
            String devices,
            List<SavedActivations> saved,
            int further,
            Function<Replicas, StepGradients> gradients,
            Path checkpoints) {
        String[] ids = devices.split(" ");
        DeviceMap map = new DeviceMap(ids[0], List.of(ids[1], ids[2], ids[3]), ids[4], ids[4]);
        List<String> copies = new ArrayList<>();
        for (int i = 1; i <= further; i++) {
            copies.add(ids[0].startsWith("cpu") ? "cpu:" + i : "" + i);
        }
        LoadRequest request = new LoadRequest(golden.modelFolder(), spec, map, 0, Optional.empty(), saved);
        List<String> steps = new ArrayList<>();
        List<Double> norms = new ArrayList<>();
        ProgressSink sink = new ProgressSink() {
            @Override
            public void step(TrainingStep step) {
                steps.add(step.loss() + " " + step.gradNorm() + " " + step.evalLoss());
                norms.add(step.gradNorm());
            }
        };
        try (Replicas replicas = Replicas.load(engine, request, copies);
                StepGradients own = gradients.apply(replicas)) {
            new Trainer(replicas.first(), own, sink, stop)
                    .run(new TrainingJob(
                            "devices",
                            spec,
                            golden.examples(),
                            golden.examples(),
                            golden.microBatching(spec),
                            checkpoints));
            return new Trained(
                    steps, norms, Floats.of(replicas.first().adapter().toPeft()));
        }
    }
}
