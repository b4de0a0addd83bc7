package dev.socratic.trainer.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.NotEmpty;
import net.jqwik.api.constraints.Size;

/** What is written is read, under any names, in any types and shapes, in one file or in shards. */
class SafetensorsPropertiesTest {
    @Property(tries = 100)
    void whatIsWrittenIsRead(
            @ForAll @NotEmpty @Size(max = 12) List<@NotEmpty String> names,
            @ForAll @LongRange(min = 1, max = 2000) long largestShard,
            @ForAll @LongRange(min = 0) long seed)
            throws IOException {
        Map<String, byte[]> contents = new LinkedHashMap<>();
        Map<String, TensorToWrite> tensors = new LinkedHashMap<>();
        Random random = new Random(seed);
        for (String name : names) {
            if (!name.equals("__metadata__") && name.equals(wellFormed(name))) {
                DType dtype = DType.values()[random.nextInt(DType.values().length)];
                long[] shape = random.longs(random.nextInt(4), 0, 7).toArray();
                byte[] bytes =
                        new byte[(int) (java.util.Arrays.stream(shape).reduce(1, (a, b) -> a * b) * dtype.bytes())];
                random.nextBytes(bytes);
                contents.put(name, bytes);
                tensors.put(name, new TensorToWrite(dtype, shape, ByteBuffer.wrap(bytes)));
            }
        }
        if (tensors.isEmpty()) {
            return;
        }
        Path folder = Files.createTempDirectory("shards");
        try {
            Shards.write(folder, tensors, largestShard);
            try (Checkpoint checkpoint = Checkpoint.open(folder)) {
                assertThat(checkpoint.names()).isEqualTo(contents.keySet());
                contents.forEach((name, bytes) -> {
                    StoredTensor stored = checkpoint.tensor(name);
                    byte[] found = new byte[(int) stored.byteSize()];
                    stored.bytes(0, found.length).get(found);
                    assertThat(found).isEqualTo(bytes);
                    assertThat(stored.shape()).isEqualTo(tensors.get(name).shape());
                    assertThat(stored.dtype()).isEqualTo(tensors.get(name).dtype());
                });
            }
        } finally {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    /** UTF-8 has no halves of surrogate pairs. */
    private static String wellFormed(String name) {
        byte[] utf8 = name.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        return new String(utf8, java.nio.charset.StandardCharsets.UTF_8);
    }
}
