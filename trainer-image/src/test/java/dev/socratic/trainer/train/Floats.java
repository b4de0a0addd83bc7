package dev.socratic.trainer.train;

import dev.socratic.trainer.checkpoint.TensorToWrite;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;

/** The values of a float32 tensor that is about to be written. */
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
}
