package dev.socratic.trainer.quant;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.socratic.api.v1alpha1.spec.Dtype;
import dev.socratic.trainer.checkpoint.Checkpoint;
import dev.socratic.trainer.checkpoint.DType;
import dev.socratic.trainer.checkpoint.StoredTensor;
import dev.socratic.trainer.checkpoint.TensorToWrite;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import dev.socratic.trainer.failure.TrainerFailure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** A quantized matrix as bitsandbytes' {@code QuantState.as_dict(packed=True)} lays it out in a checkpoint. */
public final class QuantState {
    private static final String STATE = ".quant_state.bitsandbytes__";
    private static final String JSON_SUFFIX = STATE + "nf4";

    private static final long LARGEST_STATE = 1 << 16;
    private static final Pattern PART =
            Pattern.compile(".*\\.weight\\.(absmax|quant_map|nested_absmax|nested_quant_map|quant_state\\..*)");

    private QuantState() {}

    /**
     * A matrix that the checkpoint holds in four bits.
     *
     * @param source the type that it had before
     */
    public record Matrix(Nf4Tensor tensor, Dtype source) {}

    /**
     * The matrix of a name, if the checkpoint holds it quantized.
     *
     * @throws dev.socratic.trainer.failure.TrainerFailure if it is in another format than NF4 in blocks of {@value
     *     Nf4#BLOCK}, or damaged
     */
    public static Optional<Matrix> find(Checkpoint checkpoint, String name) {
        if (checkpoint.has(name + JSON_SUFFIX)) {
            return Optional.of(new StoredState(checkpoint, name).matrix());
        }
        if (checkpoint.has(name + STATE + "fp4")) {
            throw StoredQuantization.refused(checkpoint.tensor(name).file() + ": " + name, "fp4");
        }
        return Optional.empty();
    }

    /** Whether a tensor is a part of a quantized matrix other than its packed codes. */
    public static boolean isPart(String tensorName) {
        return PART.matcher(tensorName).matches();
    }

    /**
     * @param dtype the type that the matrix had before
     * @return tensors by the suffix that they bear after the matrix's name
     */
    static Map<String, TensorToWrite> of(Nf4Tensor matrix, Dtype dtype) {
        Map<String, TensorToWrite> parts = new LinkedHashMap<>();
        parts.put("", bytes(matrix.packed(), matrix.packed().length, 1));
        parts.put(".quant_map", floats(Nf4.codebook()));
        if (matrix.scales() instanceof BlockScales.DoubleQuantized scales) {
            parts.put(".absmax", bytes(scales.codes(), scales.codes().length));
            parts.put(".nested_absmax", floats(scales.nestedAbsmax()));
            parts.put(".nested_quant_map", floats(Nf4.dynamicMap()));
        } else {
            parts.put(".absmax", floats(matrix.scales().absmax()));
        }
        byte[] json = json(matrix, dtype).getBytes(StandardCharsets.UTF_8);
        parts.put(JSON_SUFFIX, bytes(json, json.length));
        return parts;
    }

    /** With the spacing of Python's {@code json.dumps}, as the bytes are stored. */
    private static String json(Nf4Tensor matrix, Dtype dtype) {
        String json = "{\"quant_type\": \"nf4\", \"blocksize\": " + Nf4.BLOCK + ", \"dtype\": \""
                + QuantizedCheckpoint.pythonName(dtype) + "\", \"shape\": " + Arrays.toString(matrix.shape());
        if (matrix.scales() instanceof BlockScales.DoubleQuantized scales) {
            json += ", \"nested_blocksize\": " + DynamicMap.BLOCK
                    + ", \"nested_dtype\": \"float32\", \"nested_offset\": " + PythonFloat.repr(scales.offset());
        }
        return json + "}";
    }

    /** Reads the tensors beside a packed weight. */
    private record StoredState(Checkpoint checkpoint, String name) {
        Matrix matrix() {
            JsonNode json = json();
            require("quant_type", json.path("quant_type"), "nf4");
            require("blocksize", json.path("blocksize"), Integer.toString(Nf4.BLOCK));
            long[] shape = new long[json.path("shape").size()];
            Arrays.setAll(shape, i -> json.path("shape").get(i).asLong());
            require("shape", json.path("shape"), "[" + shape(shape) + "]");
            long elements = Arrays.stream(shape).reduce(1, Math::multiplyExact);
            byte[] packed = bytes("", (elements + 1) / 2);
            require("quant_map", Nf4.codebook());
            int blocks = Math.toIntExact((elements + Nf4.BLOCK - 1) / Nf4.BLOCK);
            return new Matrix(new Nf4Tensor(shape, packed, scales(json, blocks)), source(json));
        }

        private String shape(long[] shape) {
            boolean whole =
                    shape.length == 2 && shape[0] > 0 && shape[1] > 0 && shape[0] <= Integer.MAX_VALUE / shape[1];
            return whole ? shape[0] + "," + shape[1] : "rows,columns";
        }

        private BlockScales scales(JsonNode json, int blocks) {
            if (!json.has("nested_blocksize")) {
                return new BlockScales.Plain(floats(".absmax", blocks));
            }
            require("nested_blocksize", json.path("nested_blocksize"), Integer.toString(DynamicMap.BLOCK));
            require("nested_quant_map", Nf4.dynamicMap());
            float[] nested = floats(".nested_absmax", (blocks + DynamicMap.BLOCK - 1) / DynamicMap.BLOCK);
            return new BlockScales.DoubleQuantized(bytes(".absmax", blocks), nested, (float)
                    json.path("nested_offset").doubleValue());
        }

        private Dtype source(JsonNode json) {
            String dtype = json.path("dtype").asText();
            return Arrays.stream(Dtype.values())
                    .filter(known -> QuantizedCheckpoint.pythonName(known).equals(dtype))
                    .findFirst()
                    .orElseThrow(() -> invalid("dtype", dtype, "float32, float16, bfloat16"));
        }

        private JsonNode json() {
            StoredTensor state = checkpoint.tensor(name + JSON_SUFFIX);
            try {
                return new JsonMapper().readTree(bytes(JSON_SUFFIX, Math.min(state.byteSize(), LARGEST_STATE)));
            } catch (IOException e) {
                throw invalid(JSON_SUFFIX, e.getMessage(), "JSON");
            }
        }

        /** Any type will do for packed codes: bnb_4bit_quant_storage only names what their bytes lie in. */
        private byte[] bytes(String suffix, long size) {
            StoredTensor tensor = checkpoint.tensor(name + suffix);
            if (tensor.byteSize() != size) {
                throw invalid(suffix, tensor.byteSize() + " bytes", size + " bytes");
            }
            byte[] bytes = new byte[Math.toIntExact(size)];
            tensor.bytes(0, bytes.length).get(bytes);
            return bytes;
        }

        private float[] floats(String suffix, int count) {
            StoredTensor tensor = checkpoint.tensor(name + suffix);
            if (tensor.elements() != count || tensor.dtype() != DType.F32) {
                throw invalid(suffix, tensor, count + " values of F32");
            }
            return tensor.toFloats();
        }

        private void require(String map, float[] levels) {
            if (!Arrays.equals(floats("." + map, levels.length), levels)) {
                throw invalid(map, "other levels", "those of bitsandbytes");
            }
        }

        private void require(String key, JsonNode found, String allowed) {
            if (!(found.isTextual() ? found.textValue() : found.toString()).equals(allowed)) {
                throw invalid(key, found, allowed);
            }
        }

        private TrainerFailure invalid(String key, Object found, String allowed) {
            return Problem.of(FailureReason.InvalidData, "a quantized matrix cannot be read: " + key)
                    .where(checkpoint.tensor(name).file() + ": " + name)
                    .found(found)
                    .allowed(allowed)
                    .remedy("quantize the model again, or name the unquantized one in spec.model.uri")
                    .failure();
        }
    }

    private static TensorToWrite bytes(byte[] values, long... shape) {
        return new TensorToWrite(DType.U8, shape, ByteBuffer.wrap(values));
    }

    private static TensorToWrite floats(float[] values) {
        return TensorToWrite.floats(new long[] {values.length}, values);
    }
}
