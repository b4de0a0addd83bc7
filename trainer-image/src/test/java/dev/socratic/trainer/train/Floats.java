package dev.socratic.trainer.train;

import dev.socratic.trainer.checkpoint.TensorToWrite;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The values of float32 tensors that are about to be written. */
final class Floats {
    private Floats() {}

    static float[] of(TensorToWrite tensor) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            tensor.content().writeTo(Channels.newChannel(bytes));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        float[] values = new float[bytes.size() / Float.BYTES];
        ByteBuffer.wrap(bytes.toByteArray())
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer()
                .get(values);
        return values;
    }

    /** Values that are equal where all their bits are. */
    static Map<String, List<Float>> of(Map<String, TensorToWrite> tensors) {
        Map<String, List<Float>> values = new TreeMap<>();
        tensors.forEach((name, tensor) -> {
            List<Float> one = new ArrayList<>();
            for (float value : of(tensor)) {
                one.add(value);
            }
            values.put(name, one);
        });
        return values;
    }
}
