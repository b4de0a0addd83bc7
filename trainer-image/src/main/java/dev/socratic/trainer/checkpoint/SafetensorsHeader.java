package dev.socratic.trainer.checkpoint;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.JsonErrors;
import dev.socratic.trainer.failure.Problem;
import dev.socratic.trainer.failure.TrainerFailure;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The head of a safetensors file: an eight-byte length, then JSON. Read as strictly as the format's own library does:
 * tensors follow one another without holes or overlaps and end where the file ends, so that a cut download or a damaged
 * file is noticed here and not as wrong numbers later.
 */
final class SafetensorsHeader {
    /** The format's own limit. */
    private static final long LARGEST_HEADER = 100_000_000;

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .build();

    private final MappedFile file;

    private SafetensorsHeader(MappedFile file) {
        this.file = file;
    }

    static Map<String, TensorEntry> read(MappedFile file) {
        return new SafetensorsHeader(file).entries();
    }

    private Map<String, TensorEntry> entries() {
        if (file.size() < Long.BYTES) {
            throw damaged("the file is too short to be safetensors")
                    .found(file.size() + " bytes")
                    .failure();
        }
        long length = file.slice(0, Long.BYTES).getLong();
        if (length < 2 || length > LARGEST_HEADER || length > file.size() - Long.BYTES) {
            throw damaged("the header's length cannot be right; is this a safetensors file, whole?")
                    .found(length + " bytes in a file of " + file.size())
                    .failure();
        }
        long dataBegin = Long.BYTES + length;
        JsonNode header = parse(file.slice(Long.BYTES, (int) length));
        Map<String, TensorEntry> entries = new LinkedHashMap<>();
        header.fields().forEachRemaining(field -> {
            if (!field.getKey().equals("__metadata__")) {
                entries.put(field.getKey(), entry(field.getKey(), field.getValue(), dataBegin));
            }
        });
        requireContiguous(entries.values(), dataBegin);
        return entries;
    }

    private JsonNode parse(ByteBuffer text) {
        try {
            JsonNode header = JSON.readTree(StandardCharsets.UTF_8.decode(text).toString());
            if (!header.isObject()) {
                throw damaged("the header is not a JSON object").failure();
            }
            return header;
        } catch (JsonProcessingException e) {
            throw damaged("the header is not valid JSON (" + JsonErrors.describe(e) + ")")
                    .failure(e);
        }
    }

    private TensorEntry entry(String name, JsonNode node, long dataBegin) {
        DType dtype = Arrays.stream(DType.values())
                .filter(known -> known.name().equals(node.path("dtype").asText()))
                .findFirst()
                .orElseThrow(() -> damaged("tensor " + name + " has a dtype that is not supported")
                        .found(node.path("dtype").asText())
                        .allowed(Arrays.toString(DType.values()))
                        .remedy("use the model's files in one of these types")
                        .failure());
        long[] shape = numbers(name, node, "shape");
        long[] offsets = numbers(name, node, "data_offsets");
        if (offsets.length != 2 || offsets[0] > offsets[1] || offsets[1] > file.size() - dataBegin) {
            throw damaged("tensor " + name + " lies outside the file, which may have been cut short")
                    .found("data_offsets " + Arrays.toString(offsets) + " with " + (file.size() - dataBegin)
                            + " bytes of data")
                    .failure();
        }
        long size = offsets[1] - offsets[0];
        if (size != bytes(name, dtype, shape)) {
            throw damaged("tensor " + name + " does not have the size that its shape asks for")
                    .found(size + " bytes for " + dtype + " " + Arrays.toString(shape))
                    .failure();
        }
        return new TensorEntry(name, dtype, shape, dataBegin + offsets[0], size);
    }

    private long[] numbers(String name, JsonNode node, String key) {
        JsonNode list = node.path(key);
        long[] numbers = new long[list.size()];
        boolean sound = list.isArray();
        for (int i = 0; i < numbers.length; i++) {
            JsonNode number = list.get(i);
            sound &= number.isIntegralNumber() && number.canConvertToLong() && number.asLong() >= 0;
            numbers[i] = number.asLong();
        }
        if (!sound) {
            throw damaged("tensor " + name + ": " + key + " is not a list of sizes")
                    .found(list)
                    .failure();
        }
        return numbers;
    }

    private long bytes(String name, DType dtype, long[] shape) {
        try {
            return Arrays.stream(shape).reduce(dtype.bytes(), Math::multiplyExact);
        } catch (ArithmeticException e) {
            throw damaged("tensor " + name + " has an impossible shape")
                    .found(Arrays.toString(shape))
                    .failure(e);
        }
    }

    private void requireContiguous(Iterable<TensorEntry> entries, long dataBegin) {
        List<TensorEntry> inFileOrder = new ArrayList<>();
        entries.forEach(inFileOrder::add);
        inFileOrder.sort(Comparator.comparingLong(TensorEntry::begin).thenComparingLong(TensorEntry::end));
        long end = dataBegin;
        for (TensorEntry entry : inFileOrder) {
            if (entry.begin() != end) {
                throw damaged("tensor " + entry.name()
                                + (entry.begin() < end
                                        ? " overlaps the one before it"
                                        : " leaves a hole between it and the one before it"))
                        .found("begin " + (entry.begin() - dataBegin) + ", expected " + (end - dataBegin))
                        .failure();
            }
            end = entry.end();
        }
        if (end != file.size()) {
            throw damaged("the file is longer than its tensors")
                    .found((file.size() - end) + " bytes after the last tensor")
                    .failure();
        }
    }

    private Problem damaged(String what) {
        return Problem.of(FailureReason.InvalidData, what)
                .where(file.path().toString())
                .remedy("download or copy the file again");
    }

    /** The same for files around a safetensors file, such as its index. */
    static TrainerFailure damaged(Path file, String what, Throwable cause) {
        return Problem.of(FailureReason.InvalidData, what)
                .where(file.toString())
                .remedy("download or copy the file again")
                .failure(cause);
    }
}
