package dev.socratic.trainer.placement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.api.yaml.ResourceFile;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.TrainerFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlannerTest {
    private static final Path SAMPLE = Path.of("../deploy/samples/gemma-2-2b-jpn-socratic.yaml");
    private static final ModelShape GEMMA = BalancedMapTest.SHAPES.get("gemma-2-2b");
    private static final long GIB = 1L << 30;

    @Test
    void theNotebooksRunFitsIntoTwiceFourGibibytes() throws IOException {
        RunPlan plan = Planner.plan(GEMMA, sample(), Map.of(), Kernels.OURS);
        assertThat(plan.microBatching().rows()).isEqualTo(1);
        assertThat(plan.pipeline().inFlight()).isEqualTo(2);
        assertThat(kept(plan)).isEqualTo("0 1 23 2");
        assertThat(plan.devices()).extracting(RunPlan.Device::id).containsExactly("0", "1");
        assertThat(plan.devices()).extracting(RunPlan.Device::layers).containsExactly("embed,0-7,head", "8-25,norm");
        assertThat(plan.devices()).allSatisfy(device -> {
            assertThat(device.capBytes()).isEqualTo(4 * GIB);
            assertThat(device.plannedBytes()).isLessThanOrEqualTo(4 * GIB);
        });
        // PEFT's count of r=16 on q, k, v and o
        assertThat(plan.parameters()).isEqualTo(new RunPlan.Parameters(6_389_760, 2_614_341_888L + 6_389_760));
        assertThat(PlanTable.of(plan)).contains("embed,0-7,head", "4,096 Mi", "6,389,760 of 2,620,731,648 parameters");
    }

    @ParameterizedTest
    @CsvSource({
        "OURS, 3Gi, 8, 2, 0 25 0 1, 2",
        "OURS, 4Gi, 8, 4, 4 22 0 0, 3",
        "OURS, 5Gi, 8, 2, 0 14 7 5, 3",
        "OURS, 20Gi, 8, 4, 0 0 0 26, 2",
        "TORCH, 4Gi, 8, 2, 0 24 2 0, 2",
        "TORCH, 5Gi, 8, 2, 0 18 7 1, 3",
        "TORCH, 20Gi, 8, 4, 0 0 0 26, 2",
        "TORCH, 200Gi, 8, 8, 0 0 0 26, 2"
    })
    void keepsWhatTheCapAllowsAndLowersTheRowsIfItMust(
            Kernels kernels, String cap, int batchSize, int microBatch, String kept, int inFlight) throws IOException {
        RunPlan plan =
                Planner.plan(GEMMA, sample("4Gi", cap, "batchSize: 1", "batchSize: " + batchSize), Map.of(), kernels);
        assertThat(plan.microBatching().rows()).as(PlanTable.of(plan)).isEqualTo(microBatch);
        assertThat(kept(plan)).isEqualTo(kept);
        assertThat(plan.pipeline().inFlight()).isEqualTo(inFlight);
    }

    @Test
    void weightsStayDequantizedOnlyWhereThereIsRoomForAll() throws IOException {
        RunPlan wide = Planner.plan(GEMMA, sample("4Gi", "100Gi"), Map.of(), Kernels.OURS);
        assertThat(wide.devices())
                .extracting(RunPlan.Device::dequantized)
                .allSatisfy(bytes -> assertThat(bytes).isPositive());
        RunPlan narrow = Planner.plan(GEMMA, sample(), Map.of(), Kernels.OURS);
        assertThat(narrow.devices()).extracting(RunPlan.Device::dequantized).containsOnly(0L);
    }

    @Test
    void oneGpuOfFourGibibytesTakesTheNotebooksRun() throws IOException {
        RunPlan plan =
                Planner.plan(GEMMA, sample("gpus: 2", "gpus: 1", "      \"1\": 4Gi\n", ""), Map.of(), Kernels.OURS);
        assertThat(plan.microBatching().rows()).isEqualTo(2);
        assertThat(kept(plan)).isEqualTo("0 25 0 1");
        assertThat(plan.saved().get(25)).isEqualTo(SavedActivations.ALL);
        assertThat(plan.devices())
                .singleElement()
                .satisfies(device -> assertThat(device.plannedBytes()).isLessThanOrEqualTo(4 * GIB));
    }

    /** Blocks and head, which costs as much as five of them, in equal shares and in parts small enough for few waits. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "4Gi  | 2 | embed,0-6,22-25,norm,head; 7-21",
                "70Gi | 2 | embed,0-7,17-25; 8-16,norm,head",
                "70Gi | 4 | embed,0-7; 8-15; 16-23; 24-25,norm,head",
            })
    void autoDividesByTime(String cap, int gpus, String holds) throws IOException {
        RunPlan plan = Planner.plan(
                GEMMA,
                sample("deviceMap: balanced", "deviceMap: auto", "gpus: 2", "gpus: " + gpus, "4Gi", cap),
                Map.of(),
                Kernels.OURS);
        assertThat(plan.devices().stream().map(RunPlan.Device::layers).collect(Collectors.joining("; ")))
                .isEqualTo(holds);
    }

    @Test
    void replicasHoldAllOfTheModelAndShareABatch() throws IOException {
        RunPlan plan = Planner.plan(
                GEMMA,
                sample("parallelism: layers", "parallelism: data", "4Gi", "8Gi", "batchSize: 1", "batchSize: 6"),
                Map.of(),
                Kernels.OURS);
        assertThat(plan.map()).isEqualTo(DeviceMap.allOn("0", 26));
        assertThat(plan.replicas()).containsExactly("1");
        assertThat(plan.devices()).extracting(RunPlan.Device::layers).containsOnly("embed,0-25,norm,head");
        assertThat(plan.devices())
                .allSatisfy(device -> assertThat(device.plannedBytes()).isLessThanOrEqualTo(8 * GIB));
        assertThat(PlanTable.of(plan)).contains("2 replicas share a step");
    }

    /** One batch a step: it is divided, so that each replica has a part. */
    @Test
    void aSingleBatchIsDividedAmongReplicas() throws IOException {
        RunPlan plan = Planner.plan(
                GEMMA,
                sample(
                        "parallelism: layers",
                        "parallelism: data",
                        "4Gi",
                        "70Gi",
                        "batchSize: 1",
                        "batchSize: 8",
                        "gradientAccumulation: 8",
                        "gradientAccumulation: 1"),
                Map.of(),
                Kernels.OURS);
        assertThat(plan.microBatching().rows()).isEqualTo(4);
        assertThat(kept(plan)).isEqualTo("0 0 0 26");
    }

    /** Where no memory is short: up to 8,192 tokens, 1,024 on a CPU, or what a batch has. */
    @ParameterizedTest
    @CsvSource({
        "1, seed: 42, seed: 42, 8",
        "1, gradientAccumulation: 8, gradientAccumulation: 65536, 8",
        "1, seed: 42, neftuneNoiseAlpha: 5, 1",
        "0, seed: 42, seed: 42, 1",
    })
    void takesRowsOfSeveralBatches(int gpus, String field, String setting, int rows) throws IOException {
        SocraticFineTuneSpec spec =
                sample("gpus: 2", "gpus: " + gpus, "      \"1\": 4Gi\n", "", "4Gi", "70Gi", field, setting);
        RunPlan plan = Planner.plan(GEMMA, spec, Map.of(), Kernels.OURS);
        assertThat(plan.microBatching().rows()).isEqualTo(rows);
    }

    @Test
    void replicasTakeNoDeviceMap() throws IOException {
        assertThat(refusal(
                        sample("parallelism: layers", "parallelism: data", "deviceMap: balanced", "deviceMap: {'': 0}"),
                        Map.of()))
                .hasMessageContaining("spec.placement.deviceMap")
                .hasMessageContaining("set spec.placement.parallelism to layers");
    }

    @Test
    void aSoftCapCostsMemoryOnlyWithoutKernelsOfOurOwn() throws IOException {
        SocraticFineTuneSpec capped = sample("4Gi", "20Gi", "attention: sdpa", "attention: eager");
        SocraticFineTuneSpec plain = sample("4Gi", "20Gi");
        assertThat(Planner.plan(GEMMA, capped, Map.of(), Kernels.OURS))
                .isEqualTo(Planner.plan(GEMMA, plain, Map.of(), Kernels.OURS));
        assertThat(Planner.plan(GEMMA, capped, Map.of(), Kernels.TORCH))
                .isNotEqualTo(Planner.plan(GEMMA, plain, Map.of(), Kernels.TORCH));
    }

    @Test
    void masksAndScoresOfPackedRowsAreCounted() throws IOException {
        RunPlan plain = Planner.plan(GEMMA, sample("4Gi", "20Gi"), Map.of(), Kernels.OURS);
        RunPlan packed =
                Planner.plan(GEMMA, sample("4Gi", "20Gi", "# packing: false", "packing: true"), Map.of(), Kernels.OURS);
        assertThat(packed.devices().get(1).plannedBytes())
                .isGreaterThan(plain.devices().get(1).plannedBytes() + (8L << 20) * 20);
    }

    @Test
    void refusesWithTheSmallestCapThatWorks() throws IOException {
        TrainerFailure refusal = refusal(sample("4Gi", "2Gi"), Map.of());
        assertThat(refusal.reason()).isEqualTo(FailureReason.OutOfMemory);
        assertThat(refusal).hasMessageContaining("0: 2048Mi, 1: 2048Mi");
        Matcher smallest = Pattern.compile("at least (\\d+)Mi for each GPU").matcher(refusal.getMessage());
        assertThat(smallest.find()).isTrue();
        int cap = Integer.parseInt(smallest.group(1));
        assertThat(Planner.plan(GEMMA, sample("4Gi", cap + "Mi"), Map.of(), Kernels.OURS)
                        .microBatching()
                        .rows())
                .isEqualTo(1);
        assertThat(refusal(sample("4Gi", cap - 1 + "Mi"), Map.of())).isNotNull();
    }

    @Test
    void realMemoryBoundsWhatMaxMemoryAllows() throws IOException {
        assertThat(refusal(sample("4Gi", "40Gi"), Map.of("0", 2 * GIB, "1", 2 * GIB)))
                .hasMessageContaining("0: 2048Mi");
    }

    @Test
    void withoutGpusEverythingIsOnTheCpu() throws IOException {
        RunPlan plan = Planner.plan(GEMMA, sample("gpus: 2", "gpus: 0"), Map.of(), Kernels.OURS);
        assertThat(plan.map()).isEqualTo(DeviceMap.allOn("cpu", 26));
        assertThat(plan.devices().get(0).capBytes()).isEqualTo(24_000_000_000L);
        assertThat(plan.devices().get(0).context()).isEqualTo(320L << 20);
    }

    /** Of a short row, whose activations are small: the values alone, or with DoRA in two types the steps as well. */
    @Test
    void onTheCpuADequantizedWeightIsItsValues() throws IOException {
        String[] changes = {
            "gpus: 2",
            "gpus: 0",
            "gradientAccumulation: 8",
            "gradientAccumulation: 1",
            "maxSequenceLength: 1024",
            "maxSequenceLength: 16",
            "# useRslora, useDora: false",
            "useDora: true",
            "computeDtype: float16",
            "computeDtype: float16"
        };
        RunPlan values = Planner.plan(GEMMA, sample(changes), Map.of(), Kernels.OURS);
        changes[changes.length - 1] = "computeDtype: float32";
        RunPlan steps = Planner.plan(GEMMA, sample(changes), Map.of(), Kernels.OURS);
        long gate = 2304L * 9216;
        assertThat(steps.devices().get(0).plannedBytes()
                        - values.devices().get(0).plannedBytes())
                .isCloseTo(gate * 12 * 11 / 10 - gate * 2, within(1L));
    }

    @Test
    void anExplicitMapIsFollowedLongestNameFirst() throws IOException {
        RunPlan plan = Planner.plan(
                GEMMA,
                sample("deviceMap: balanced", "deviceMap: {model: 0, lm_head: 0, model.layers: 1, model.layers.3: 0}"),
                Map.of(),
                Kernels.OURS);
        assertThat(plan.map().embedding()).isEqualTo("0");
        assertThat(plan.map().layers().get(3)).isEqualTo("0");
        assertThat(Collections.frequency(plan.map().layers(), "1")).isEqualTo(25);
        assertThat(plan.devices().get(1).layers()).isEqualTo("0-2,4-25");
    }

    @Test
    void theEmptyNameIsTheWholeModel() throws IOException {
        RunPlan plan = Planner.plan(
                GEMMA,
                sample("4Gi", "20Gi", "deviceMap: balanced", "deviceMap: {'': 1, model.layers.25: 0}"),
                Map.of(),
                Kernels.OURS);
        assertThat(plan.devices()).extracting(RunPlan.Device::layers).containsExactly("25", "embed,0-24,norm,head");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{model: 0}                        | leaves out a module: found \"lm_head\"",
                "{model: 0, lm_head: 2}            | deviceMap.lm_head: the device map names no device of this run: found \"2\"; allowed: 0 to 1 or cpu",
                "{'': 2}                           | found \"2\"; allowed: balanced, auto, sequential",
                "{model: 0, lm_head: disk}         | found \"disk\"; allowed: 0 to 1 or cpu",
                "{model: 0, model.layers.26: 1}    | found \"model.layers.26\"; allowed: balanced, auto, sequential",
            })
    void refusesAnExplicitMapThatDoesNotSuit(String map, String message) throws IOException {
        TrainerFailure refusal = refusal(sample("deviceMap: balanced", "deviceMap: " + map), Map.of());
        assertThat(refusal.reason()).isEqualTo(FailureReason.InvalidConfiguration);
        assertThat(refusal).hasMessageContaining(message);
    }

    /** Of how many blocks inputs, branches, products and everything are kept. */
    private static String kept(RunPlan plan) {
        return Arrays.stream(SavedActivations.values())
                .map(each -> Long.toString(plan.blocks(each)))
                .collect(Collectors.joining(" "));
    }

    private static TrainerFailure refusal(SocraticFineTuneSpec spec, Map<String, Long> memory) {
        return catchThrowableOfType(TrainerFailure.class, () -> Planner.plan(GEMMA, spec, memory, Kernels.OURS));
    }

    /** The sample with replacements: text, by what, text, by what … */
    private static SocraticFineTuneSpec sample(String... replacements) throws IOException {
        String text = Files.readString(SAMPLE);
        for (int i = 0; i < replacements.length; i += 2) {
            text = text.replace(replacements[i], replacements[i + 1]);
        }
        return ResourceFile.parse("sample.yaml", text).getSpec();
    }
}
