package dev.socratic.trainer.quant;

import dev.socratic.api.v1alpha1.spec.Dtype;
import dev.socratic.trainer.checkpoint.DType;
import dev.socratic.trainer.checkpoint.TensorToWrite;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** A quantized matrix as bitsandbytes' {@code QuantState.as_dict(packed=True)} lays it out in a checkpoint. */
final class QuantState {
    private static final String JSON_SUFFIX = ".quant_state.bitsandbytes__nf4";

    private QuantState() {}

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

    private static TensorToWrite bytes(byte[] values, long... shape) {
        return new TensorToWrite(DType.U8, shape, ByteBuffer.wrap(values));
    }

    private static TensorToWrite floats(float[] values) {
        return TensorToWrite.floats(new long[] {values.length}, values);
    }
}
