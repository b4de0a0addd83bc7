package dev.socratic.trainer.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.TrainerFailure;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CheckpointTest {
    private static final Path PROCESS_STATUS = Path.of("/proc/self/status");

    @TempDir
    Path folder;

    @Test
    void readsBackWhatWasWrittenInEveryFloatingPointType() {
        Map<String, TensorToWrite> tensors = new LinkedHashMap<>();
        tensors.put("z", TensorToWrite.floats(new long[] {2, 1}, new float[] {1.5f, -2}));
        tensors.put("half", shorts(DType.F16, 0x3e00, 0xc000, 0x7c00));
        tensors.put("bfloat", shorts(DType.BF16, 0x3fc0, 0xc000));
        tensors.put("empty", TensorToWrite.floats(new long[] {0, 4}, new float[0]));
        SafetensorsWriter.write(folder.resolve(Checkpoint.SINGLE_FILE), Map.of("format", "pt"), tensors);

        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(checkpoint.names()).containsExactly("bfloat", "empty", "half", "z");
            assertThat(checkpoint.tensor("z").shape()).containsExactly(2, 1);
            assertThat(checkpoint.tensor("z").toFloats()).containsExactly(1.5f, -2);
            assertThat(checkpoint.tensor("half").toFloats()).containsExactly(1.5f, -2, Float.POSITIVE_INFINITY);
            assertThat(checkpoint.tensor("bfloat").toFloats()).containsExactly(1.5f, -2);
            assertThat(checkpoint.tensor("empty").toFloats()).isEmpty();
            assertThat(checkpoint.tensor("half").bytes(2, 4).getShort()).isEqualTo((short) 0xc000);
        }
        assertThat(folder).isDirectoryNotContaining("glob:**.partial");
    }

    @Test
    void headerEndsOnEightBytesAndKeepsTheOrderGiven() throws IOException {
        Map<String, TensorToWrite> tensors = new LinkedHashMap<>();
        tensors.put("b", TensorToWrite.floats(new long[] {1}, new float[] {1}));
        tensors.put("a", TensorToWrite.floats(new long[] {1}, new float[] {2}));
        Path file = folder.resolve("adapter_model.safetensors");
        SafetensorsWriter.write(file, Map.of("format", "pt"), tensors);

        byte[] bytes = Files.readAllBytes(file);
        int length = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt();
        assertThat(length % 8).isZero();
        assertThat(new String(bytes, 8, length, StandardCharsets.UTF_8).strip())
                .isEqualTo("{\"__metadata__\":{\"format\":\"pt\"},"
                        + "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
                        + "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}");
    }

    @Test
    void castsThroughTheModelsTypeBeforeUse() {
        Path file = folder.resolve("w.safetensors");
        float third = 1 / 3f;
        SafetensorsWriter.write(file, Map.of(), Map.of("w", TensorToWrite.floats(new long[] {2}, new float[] {
            third, 70000
        })));
        try (Checkpoint checkpoint = Checkpoint.open(file)) {
            assertThat(checkpoint.tensor("w").toFloats(DType.F16))
                    .containsExactly(0.33325195f, Float.POSITIVE_INFINITY);
            assertThat(checkpoint.tensor("w").toFloats(DType.BF16)).containsExactly(0.33398438f, 70144);
            assertThat(checkpoint.tensor("w").toFloats()).containsExactly(third, 70000);
        }
    }

    @Test
    void findsTensorsInTheShardsThatTheIndexNames() throws IOException {
        write("model-00001-of-00002.safetensors", "a", 1);
        write("model-00002-of-00002.safetensors", "b", 2);
        Files.writeString(
                folder.resolve(Checkpoint.INDEX),
                "{\"metadata\":{},\"weight_map\":{\"a\":\"model-00001-of-00002.safetensors\","
                        + "\"b\":\"model-00002-of-00002.safetensors\"}}");
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(checkpoint.names()).containsExactly("a", "b");
            assertThat(checkpoint.tensor("b").toFloats()).containsExactly(2);
        }
        Files.delete(folder.resolve("model-00002-of-00002.safetensors"));
        assertThatThrownBy(() -> Checkpoint.open(folder))
                .hasMessageContaining("model-00002-of-00002.safetensors")
                .satisfies(hasReason(FailureReason.InputNotFound));
    }

    @Test
    void reachesTensorsBeyondTwoGibibytes() throws IOException {
        long floats = (1L << 29) + (1 << 20) + 3;
        Path file = folder.resolve("large.safetensors");
        String header = String.format(
                "{\"first\":{\"dtype\":\"F32\",\"shape\":[%d],\"data_offsets\":[0,%d]},"
                        + "\"last\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[%d,%d]}}",
                floats, floats * 4, floats * 4, floats * 4 + 4);
        sparse(file, header, floats * 4 + 4, Map.of(floats * 4, 7f, floats * 4 - 4, 5f, (1L << 30) - 4, 3f));
        try (Checkpoint checkpoint = Checkpoint.open(file)) {
            StoredTensor first = checkpoint.tensor("first");
            assertThat(first.byteSize()).isGreaterThan(Integer.MAX_VALUE);
            assertThat(checkpoint.tensor("last").toFloats()).containsExactly(7f);
            assertThat(first.bytes(first.byteSize() - 4, 4).getFloat()).isEqualTo(5f);
            assertThat(first.bytes(0, Integer.MAX_VALUE).getFloat((1 << 30) - 4))
                    .isEqualTo(3f);
            float[] acrossMappings = new float[3];
            first.copy((1L << 28) - 2, acrossMappings, 0, 3, DType.F32);
            assertThat(acrossMappings).containsExactly(0, 3f, 0);
        }
    }

    /** A checkpoint may be larger than the memory that a pod is given, and pages of a mapped file count as the pod's. */
    @Test
    void passingThroughATensorLeavesNothingOfTheFileInMemory() throws IOException {
        assumeTrue(Files.exists(PROCESS_STATUS), "only Linux tells how much of a process's memory is of files");
        long halves = 1L << 27;
        Path file = folder.resolve("large.safetensors");
        String header = String.format(
                "{\"weight\":{\"dtype\":\"BF16\",\"shape\":[%d],\"data_offsets\":[0,%d]}}", halves, halves * 2);
        sparse(file, header, halves * 2, Map.of());
        try (Checkpoint checkpoint = Checkpoint.open(file)) {
            StoredTensor tensor = checkpoint.tensor("weight");
            long before = bytesOfFilesInMemory();
            float[] part = new float[1 << 20];
            for (long at = 0; at < halves; at += part.length) {
                tensor.copy(at, part, 0, part.length, DType.F16);
            }
            SafetensorsWriter.write(
                    folder.resolve("copy.safetensors"), Map.of(), Map.of("weight", TensorToWrite.copyOf(tensor)));
            assertThat(tensor.hasContentOf(tensor)).isTrue();
            assertThat(bytesOfFilesInMemory() - before).isLessThan(tensor.byteSize() / 4);
        }
    }

    private static long bytesOfFilesInMemory() throws IOException {
        return Files.readAllLines(PROCESS_STATUS).stream()
                .filter(line -> line.startsWith("RssFile:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                .sum();
    }

    @ParameterizedTest(name = "{1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "{'w':{'dtype':'F32','shape':[2],'data_offsets':[0,4]}} | tensor w does not have the size",
                "{'w':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}} | tensor w lies outside the file",
                "{'w':{'dtype':'F32','shape':[0],'data_offsets':[0,0]}} | longer than its tensors",
                "{'w':{'dtype':'F8','shape':[4],'data_offsets':[0,4]}} | tensor w has a dtype that is not supported",
                "{'w':{'dtype':'F32','shape':[-1],'data_offsets':[0,4]}} | tensor w: shape is not a list of sizes",
                "{'w':{'dtype':'F32','shape':[1],'data_offsets':[4,0]}} | tensor w lies outside the file",
                "{'w':{'dtype':'U8','shape':[4294967296,4294967296],'data_offsets':[0,4]}} | w has an impossible shape",
                "{'v':{'dtype':'U8','shape':[3],'data_offsets':[0,3]},"
                        + "'w':{'dtype':'U8','shape':[2],'data_offsets':[2,4]}} | tensor w overlaps",
                "{'v':{'dtype':'U8','shape':[1],'data_offsets':[0,1]},"
                        + "'w':{'dtype':'U8','shape':[2],'data_offsets':[2,4]}} | tensor w leaves a hole",
                "{'w':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},"
                        + "'w':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}} | not valid JSON",
                "[1] | not a JSON object",
            })
    void refusesAHeaderThatCannotBeRight(String header, String message) throws IOException {
        Path file = folder.resolve("bad.safetensors");
        sparse(file, header.replace('\'', '"'), 4, Map.of());
        assertThatThrownBy(() -> Checkpoint.open(file))
                .hasMessageContaining(file.toString())
                .hasMessageContaining(message)
                .satisfies(hasReason(FailureReason.InvalidData));
    }

    @ParameterizedTest
    @CsvSource({"0", "4", "9"})
    void refusesAFileThatIsTooShortForItsHeader(int size) throws IOException {
        Path file = folder.resolve("cut.safetensors");
        Files.write(file, new byte[size]);
        assertThatThrownBy(() -> Checkpoint.open(file)).satisfies(hasReason(FailureReason.InvalidData));
    }

    @Test
    void saysWhatAFolderWithoutSafetensorsLacks() throws IOException {
        assertThatThrownBy(() -> Checkpoint.open(folder))
                .hasMessageContaining("model.safetensors")
                .satisfies(hasReason(FailureReason.InputNotFound));
        Files.createFile(folder.resolve("pytorch_model.bin"));
        assertThatThrownBy(() -> Checkpoint.open(folder)).hasMessageContaining("convert");
    }

    @Test
    void namesTheNeighboursOfATensorThatIsMissing() {
        write(Checkpoint.SINGLE_FILE, "model.norm.weight", 1);
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThatThrownBy(() -> checkpoint.tensor("model.norm.bias")).hasMessageContaining("[model.norm.weight]");
        }
    }

    @Test
    void aFailedWriteLeavesTheOlderFileAsItWas() throws IOException {
        Path file = folder.resolve("w.safetensors");
        write("w.safetensors", "w", 1);
        byte[] before = Files.readAllBytes(file);
        TensorToWrite full = new TensorToWrite(DType.F32, new long[] {1}, channel -> {
            throw new IOException("No space left on device");
        });
        assertThatThrownBy(() -> SafetensorsWriter.write(file, Map.of(), Map.of("w", full)))
                .hasMessageContaining("No space left on device")
                .satisfies(hasReason(FailureReason.OutputNotWritable));
        assertThat(file).hasBinaryContent(before);
        assertThat(folder).isDirectoryNotContaining("glob:**.partial");
    }

    private void write(String file, String tensor, float value) {
        SafetensorsWriter.write(
                folder.resolve(file), Map.of(), Map.of(tensor, TensorToWrite.floats(new long[] {1}, new float[] {value
                })));
    }

    private static TensorToWrite shorts(DType dtype, int... bits) {
        ByteBuffer data = ByteBuffer.allocate(bits.length * 2).order(ByteOrder.LITTLE_ENDIAN);
        for (int value : bits) {
            data.putShort((short) value);
        }
        return new TensorToWrite(dtype, new long[] {bits.length}, data.flip());
    }

    /** A file with holes: takes no room on disk where nothing is written. */
    private static void sparse(Path file, String header, long dataSize, Map<Long, Float> at) throws IOException {
        byte[] text = header.getBytes(StandardCharsets.UTF_8);
        long begin = 8 + text.length;
        try (RandomAccessFile size = new RandomAccessFile(file.toFile(), "rw")) {
            size.setLength(begin + dataSize);
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(
                    ByteBuffer.allocate(8)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .putLong(text.length)
                            .flip(),
                    0);
            channel.write(ByteBuffer.wrap(text), 8);
            for (Map.Entry<Long, Float> value : at.entrySet()) {
                ByteBuffer bytes = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
                channel.write(bytes.putFloat(value.getValue()).flip(), begin + value.getKey());
            }
        }
    }

    private static Consumer<Throwable> hasReason(FailureReason reason) {
        return thrown ->
                assertThat(((TrainerFailure) thrown).problem().reason()).isEqualTo(reason);
    }
}
