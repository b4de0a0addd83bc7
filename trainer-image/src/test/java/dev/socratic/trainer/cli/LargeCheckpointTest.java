package dev.socratic.trainer.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.StringJoiner;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** In a file that has a length and no data: what is read of it is zeros. */
class LargeCheckpointTest {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final long EMBEDDING_BYTES = 160_000L * 2304 * Short.BYTES;
    private static final long MOST_KIBIBYTES = 512 << 10;

    @TempDir
    Path folder;

    /** The trainer in a process of its own, which then says how much of its memory was resident at most. */
    static final class Measured {
        public static void main(String[] arguments) throws IOException {
            int code = SocraticTrainer.run(System.getenv(), arguments);
            try (Stream<String> status = Files.lines(STATUS)) {
                status.filter(line -> line.startsWith("VmHWM:")).forEach(System.out::println);
            }
            System.exit(code);
        }
    }

    @Test
    void quantizingTakesNoMoreMemoryThanItsResultAndSmallBuffers() throws IOException, InterruptedException {
        assumeTrue(Files.exists(STATUS), "this system does not tell how much of a process was resident");
        writeModel(Files.createDirectory(folder.resolve("model")));
        Path resource = Files.writeString(folder.resolve("tune.yaml"), """
                apiVersion: socratic.dev/v1alpha1
                kind: SocraticFineTune
                metadata: {name: large}
                spec:
                  model: {uri: 'file://%1$s/model', dtype: bfloat16}
                  quantization: {type: nf4, doubleQuant: true, computeDtype: bfloat16, storageDtype: uint8}
                  dataset: {uri: 'file://%1$s/none.jsonl'}
                  output: {uri: 'file://%1$s/output'}
                """.formatted(folder));
        Path printed = folder.resolve("printed");

        Process trainer = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Measured.class.getName(),
                        "quantize",
                        resource.toString())
                .redirectErrorStream(true)
                .redirectOutput(printed.toFile())
                .start();

        assertThat(trainer.waitFor()).as(Files.readString(printed)).isZero();
        assertThat(folder.resolve("output/model.safetensors")).exists();
        assertThat(mostResident(Files.readString(printed)))
                .isLessThan(MOST_KIBIBYTES)
                .isLessThan(EMBEDDING_BYTES >> 10);
    }

    private static long mostResident(String printed) {
        return printed.lines()
                .filter(line -> line.startsWith("VmHWM:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElseThrow();
    }

    private static void writeModel(Path model) throws IOException {
        Files.writeString(model.resolve("config.json"), """
                {"architectures": ["Gemma2ForCausalLM"], "model_type": "gemma2", "tie_word_embeddings": true}
                """);
        Map<String, int[]> shapes = new LinkedHashMap<>();
        shapes.put("model.embed_tokens.weight", new int[] {160_000, 2304});
        shapes.put("model.layers.0.mlp.gate_proj.weight", new int[] {9216, 2304});
        StringJoiner header = new StringJoiner(",", "{", "}");
        long at = 0;
        for (Map.Entry<String, int[]> entry : shapes.entrySet()) {
            int[] shape = entry.getValue();
            long end = at + (long) shape[0] * shape[1] * Short.BYTES;
            header.add("\"%s\":{\"dtype\":\"BF16\",\"shape\":[%d,%d],\"data_offsets\":[%d,%d]}"
                    .formatted(entry.getKey(), shape[0], shape[1], at, end));
            at = end;
        }
        byte[] json = header.toString().getBytes(StandardCharsets.UTF_8);
        ByteBuffer begin = ByteBuffer.allocate(Long.BYTES + json.length).order(ByteOrder.LITTLE_ENDIAN);
        begin.putLong(json.length).put(json).flip();
        try (FileChannel file = FileChannel.open(
                model.resolve("model.safetensors"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            file.write(begin);
            file.write(ByteBuffer.allocate(1), Long.BYTES + json.length + at - 1);
        }
    }
}
