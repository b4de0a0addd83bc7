package dev.socratic.trainer.bench;

import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.api.yaml.ResourceFile;
import dev.socratic.trainer.bench.BenchSettings.Weights;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The resource of a measurement: the sample's settings, LoRA r=16 on q, k, v and o. */
final class BenchSpec {
    private BenchSpec() {}

    static SocraticFineTuneSpec of(BenchSettings settings) {
        String dtype = settings.dtype().name().toLowerCase(Locale.ROOT);
        String quantization =
                settings.weights() == Weights.NF4 ? "quantization: {type: nf4, computeDtype: " + dtype + "}" : "";
        String devices = settings.gpus() == 0
                ? "cpu"
                : IntStream.range(0, settings.gpus())
                        .mapToObj(gpu -> "\"" + gpu + "\"")
                        .collect(Collectors.joining(" "));
        String caps = settings.cap()
                .map(cap -> ", maxMemory: {"
                        + IntStream.range(0, devices.split(" ").length)
                                .mapToObj(i -> devices.split(" ")[i] + ": " + cap)
                                .collect(Collectors.joining(", "))
                        + "}")
                .orElse("");
        String yaml = """
                apiVersion: socratic.dev/v1alpha1
                kind: SocraticFineTune
                metadata: {name: bench}
                spec:
                  model: {uri: "file:///bench", dtype: %s, attention: %s}
                  %s
                  lora: {r: 16, alpha: 32, dropout: %s, targetModules: [q_proj, k_proj, v_proj, o_proj]}
                  dataset: {uri: "file:///bench.jsonl", loss: all, shuffle: false}
                  training: {maxSteps: %d, batchSize: %d, gradientAccumulation: %d, maxSequenceLength: %d, checkpointEverySteps: 0, evalEverySteps: 0}
                  placement: {gpus: %d, deviceMap: %s, parallelism: %s%s}
                  output: {uri: "file:///bench-out"}
                """.formatted(
                        dtype,
                        settings.attention().name().toLowerCase(Locale.ROOT),
                        quantization,
                        settings.dropout(),
                        settings.warmUp() + settings.steps(),
                        settings.batch(),
                        settings.accumulation(),
                        settings.length(),
                        settings.gpus(),
                        settings.deviceMap().name().toLowerCase(Locale.ROOT),
                        settings.parallelism().name().toLowerCase(Locale.ROOT),
                        caps);
        return ResourceFile.parse("bench", yaml).getSpec();
    }
}
