package dev.socratic.trainer.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.socratic.trainer.failure.UnwritableFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Map;

/** Writes a safetensors file beside its place and renames it once it is whole and on disk. */
public final class SafetensorsWriter {
    private static final JsonMapper JSON = new JsonMapper();
    /** Bytes after which the disk is made to write, which would otherwise begin when all is handed over. */
    private static final long WAITING_AT_MOST = 1L << 26;

    private SafetensorsWriter() {}

    /**
     * Tensors are stored in the map's order, names included in the header in that order too.
     *
     * @param metadata goes to {@code __metadata__}; PEFT and transformers expect {@code {"format":"pt"}}
     * @throws dev.socratic.trainer.failure.TrainerFailure {@code OutputNotWritable}; an older file stays as it was
     */
    public static void write(Path file, Map<String, String> metadata, Map<String, TensorToWrite> tensors) {
        Path beside = file.resolveSibling("." + file.getFileName() + ".partial");
        try {
            writeWhole(beside, header(metadata, tensors), tensors);
            Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            deleteQuietly(beside, e);
            throw UnwritableFile.of(file, e);
        }
    }

    private static void writeWhole(Path file, ByteBuffer header, Map<String, TensorToWrite> tensors)
            throws IOException {
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            while (header.hasRemaining()) {
                channel.write(header);
            }
            long onDisk = 0;
            for (Map.Entry<String, TensorToWrite> entry : tensors.entrySet()) {
                TensorToWrite tensor = entry.getValue();
                long begin = channel.position();
                if (begin - onDisk > WAITING_AT_MOST) {
                    channel.force(false);
                    onDisk = begin;
                }
                tensor.content().writeTo(channel);
                long written = channel.position() - begin;
                if (written != tensor.byteSize()) {
                    throw new IllegalStateException(entry.getKey() + ": " + written + " bytes written for "
                            + tensor.dtype() + " " + Arrays.toString(tensor.shape()));
                }
            }
            channel.force(true);
        }
    }

    private static ByteBuffer header(Map<String, String> metadata, Map<String, TensorToWrite> tensors)
            throws JsonProcessingException {
        ObjectNode header = JSON.createObjectNode();
        if (!metadata.isEmpty()) {
            ObjectNode node = header.putObject("__metadata__");
            metadata.forEach(node::put);
        }
        long at = 0;
        for (Map.Entry<String, TensorToWrite> entry : tensors.entrySet()) {
            TensorToWrite tensor = entry.getValue();
            ObjectNode node = header.putObject(entry.getKey());
            node.put("dtype", tensor.dtype().name());
            Arrays.stream(tensor.shape()).forEach(node.putArray("shape")::add);
            node.putArray("data_offsets").add(at).add(at + tensor.byteSize());
            at += tensor.byteSize();
        }
        byte[] json = JSON.writeValueAsString(header).getBytes(StandardCharsets.UTF_8);
        int padded = (json.length + 7) / 8 * 8;
        ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES + padded).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(padded).put(json);
        while (bytes.hasRemaining()) {
            bytes.put((byte) ' ');
        }
        return bytes.flip();
    }

    private static void deleteQuietly(Path file, IOException cause) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }
}
