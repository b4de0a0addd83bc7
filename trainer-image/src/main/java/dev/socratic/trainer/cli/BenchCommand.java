package dev.socratic.trainer.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.socratic.api.v1alpha1.spec.Attention;
import dev.socratic.api.v1alpha1.spec.DeviceMapStrategy;
import dev.socratic.api.v1alpha1.spec.Dtype;
import dev.socratic.api.v1alpha1.spec.Parallelism;
import dev.socratic.trainer.bench.Bench;
import dev.socratic.trainer.bench.BenchSettings;
import dev.socratic.trainer.bench.BenchSettings.Parts;
import dev.socratic.trainer.bench.BenchSettings.Weights;
import dev.socratic.trainer.bench.Nf4Bench;
import dev.socratic.trainer.bench.Preset;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import dev.socratic.trainer.placement.Kernels;
import dev.socratic.trainer.run.KernelCache;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bench}: what this machine does, without a model or data. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpAutoWidth = true,
        description = "Trains a model of a known shape with random weights, and prints tokens/s and memory as JSON.")
final class BenchCommand implements Callable<Integer> {
    @Option(
            names = "--preset",
            paramLabel = "NAME",
            defaultValue = "gemma-2-2b",
            description = "gemma-2-2b, llama-3.2-1b, qwen2.5-7b, gemma-2-small or tiny.")
    private String preset;

    @Option(names = "--batch", paramLabel = "ROWS", defaultValue = "1", description = "Rows a batch.")
    private int batch;

    @Option(names = "--accumulation", paramLabel = "N", defaultValue = "1", description = "Batches a step.")
    private int accumulation;

    @Option(names = "--length", paramLabel = "TOKENS", defaultValue = "1024", description = "Tokens a row.")
    private int length;

    @Option(names = "--gpus", paramLabel = "N", defaultValue = "1", description = "0 measures the CPU.")
    private int gpus;

    @Option(
            names = "--parallelism",
            paramLabel = "HOW",
            defaultValue = "layers",
            description = "How several GPUs share a step: layers or data.")
    private String parallelism;

    @Option(
            names = "--device-map",
            paramLabel = "MAP",
            defaultValue = "auto",
            description = "How layers are divided: auto, by time; balanced or sequential, as transformers has it.")
    private String deviceMap;

    @Option(names = "--cap", paramLabel = "QUANTITY", description = "Most memory of each device, such as 4Gi.")
    private String cap;

    @Option(names = "--dtype", defaultValue = "FLOAT16", description = "${COMPLETION-CANDIDATES}.")
    private Dtype dtype;

    @Option(names = "--weights", defaultValue = "NF4", description = "${COMPLETION-CANDIDATES}.")
    private Weights weights;

    @Option(names = "--attention", defaultValue = "SDPA", description = "${COMPLETION-CANDIDATES}.")
    private Attention attention;

    @Option(names = "--dropout", defaultValue = "0.1", description = "Dropout of the adapters.")
    private double dropout;

    @Option(names = "--warm-up", paramLabel = "STEPS", defaultValue = "20", description = "Steps that do not count.")
    private int warmUp;

    @Option(names = "--steps", paramLabel = "STEPS", defaultValue = "10", description = "Steps that count.")
    private int steps;

    @Option(names = "--profile", description = "Measure the operations one by one as well, in a second run.")
    private boolean profile;

    @Option(
            names = "--kernels",
            defaultValue = "OURS",
            description = "${COMPLETION-CANDIDATES}; on the CPU there are no others than torch's.")
    private Kernels kernels;

    @Option(
            names = "--compare",
            paramLabel = "PYTHON",
            description =
                    "Run the same with transformers, PEFT and bitsandbytes of this interpreter, and print the ratio.")
    private String compare;

    @Option(
            names = "--nf4",
            paramLabel = "ROWSxCOLUMNS",
            description = "Instead of training, bring a matrix to NF4 and back on the CPU, and print gigabytes/s.")
    private String matrix;

    @Override
    public Integer call() throws JsonProcessingException {
        if (matrix != null) {
            print(nf4().run());
            return 0;
        }
        atLeast("--batch", batch, 1);
        atLeast("--length", length, 2);
        atLeast("--accumulation", accumulation, 1);
        atLeast("--warm-up", warmUp, 0);
        atLeast("--steps", steps, 3);
        Preset shape =
                Preset.of(preset).orElseThrow(() -> invalid("--preset", preset, String.join(", ", Preset.keys())));
        BenchSettings settings = new BenchSettings(
                shape,
                batch,
                length,
                accumulation,
                gpus,
                named("--parallelism", parallelism, Parallelism.class),
                named("--device-map", deviceMap, DeviceMapStrategy.class),
                Optional.ofNullable(cap),
                dtype,
                weights,
                attention,
                dropout,
                warmUp,
                steps,
                profile ? Parts.MEASURED : Parts.NOT_MEASURED,
                kernels,
                Optional.ofNullable(compare));
        Bench bench = new Bench(settings, KernelCache.folder(System.getenv()));
        print(bench.run());
        return 0;
    }

    private Nf4Bench nf4() {
        Matcher size = Pattern.compile("([1-9][0-9]{0,4})x([1-9][0-9]{0,4})").matcher(matrix);
        if (!size.matches()) {
            throw invalid("--nf4", matrix, "rows and columns below 100000, such as 2304x9216");
        }
        return new Nf4Bench(
                Integer.parseInt(size.group(1)), Integer.parseInt(size.group(2)), Optional.ofNullable(compare));
    }

    private static void print(Map<String, Object> result) throws JsonProcessingException {
        System.out.println(new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(result));
    }

    /** Of an enumeration the value that a resource file calls so. */
    private static <E extends Enum<E>> E named(String option, String found, Class<E> values) {
        return Arrays.stream(values.getEnumConstants())
                .filter(value -> inFiles(value).equals(found))
                .findFirst()
                .orElseThrow(() -> invalid(
                        option,
                        found,
                        Arrays.stream(values.getEnumConstants())
                                .map(BenchCommand::inFiles)
                                .collect(Collectors.joining(", "))));
    }

    private static String inFiles(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    private static void atLeast(String option, int value, int least) {
        if (value < least) {
            throw invalid(option, value, "at least " + least);
        }
    }

    private static RuntimeException invalid(String option, Object found, String allowed) {
        return Problem.of(FailureReason.InvalidConfiguration, "the option has a value that is not allowed")
                .where(option)
                .found(found)
                .allowed(allowed)
                .failure();
    }
}
