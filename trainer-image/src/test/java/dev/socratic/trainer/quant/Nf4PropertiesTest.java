package dev.socratic.trainer.quant;

import static org.assertj.core.api.Assertions.assertThat;

import dev.socratic.api.v1alpha1.spec.Dtype;
import dev.socratic.trainer.checkpoint.Checkpoint;
import dev.socratic.trainer.checkpoint.DType;
import dev.socratic.trainer.checkpoint.SafetensorsWriter;
import dev.socratic.trainer.checkpoint.TensorToWrite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

/** Matrices of any size, not only of whole blocks. */
class Nf4PropertiesTest {
    /** Half of the widest gap between two levels, with room for the rounding of a product. */
    private static final double HALF_GAP = 0.152;

    @Property
    void noValueMovesFurtherThanHalfAGap(
            @ForAll @IntRange(min = 1, max = 9) int rows,
            @ForAll @IntRange(min = 1, max = 150) int columns,
            @ForAll @IntRange(min = -12, max = 12) int magnitude,
            @ForAll @LongRange(min = 0) long seed) {
        float[] values = values(rows * columns, magnitude, seed);
        Nf4Tensor tensor = Nf4.quantize(values, new long[] {rows, columns}, DoubleQuant.OFF);
        float[] back = Nf4.dequantize(tensor);
        float[] absmax = tensor.scales().absmax();
        for (int i = 0; i < values.length; i++) {
            float scale = absmax[i / Nf4.BLOCK];
            assertThat(Math.abs(values[i])).isLessThanOrEqualTo(scale);
            assertThat((double) Math.abs(values[i] - back[i])).isLessThanOrEqualTo(HALF_GAP * scale);
        }
    }

    /** What was quantized once stays as it is. */
    @Property
    void quantizingAgainChangesNothing(
            @ForAll @IntRange(min = 1, max = 400) int size, @ForAll @LongRange(min = 0) long seed) {
        long[] shape = {1, size};
        Nf4Tensor once = Nf4.quantize(values(size, 0, seed), shape, DoubleQuant.OFF);
        Nf4Tensor again = Nf4.quantize(Nf4.dequantize(once), shape, DoubleQuant.OFF);
        assertThat(Nf4.dequantize(again)).isEqualTo(Nf4.dequantize(once));
    }

    @Property(tries = 50)
    void aStoredMatrixIsReadAsItWas(
            @ForAll @IntRange(min = 1, max = 9) int rows,
            @ForAll @IntRange(min = 1, max = 150) int columns,
            @ForAll boolean nested,
            @ForAll @LongRange(min = 0) long seed)
            throws IOException {
        DoubleQuant doubleQuant = nested ? DoubleQuant.ON : DoubleQuant.OFF;
        Nf4Tensor tensor = Nf4.quantize(values(rows * columns, 0, seed), new long[] {rows, columns}, doubleQuant);
        Map<String, TensorToWrite> parts = new TreeMap<>();
        QuantState.of(tensor, Dtype.FLOAT16).forEach((suffix, part) -> parts.put("w.weight" + suffix, part));
        Path file = Files.createTempFile("nf4", ".safetensors");
        try {
            SafetensorsWriter.write(file, Map.of(), parts);
            try (Checkpoint checkpoint = Checkpoint.open(file)) {
                QuantState.Matrix found =
                        QuantState.find(checkpoint, "w.weight").orElseThrow();
                assertThat(found.source()).isEqualTo(Dtype.FLOAT16);
                assertThat(found.tensor().shape()).containsExactly(rows, columns);
                assertThat(found.tensor().packed()).isEqualTo(tensor.packed());
                assertThat(found.tensor().scales().absmax())
                        .isEqualTo(tensor.scales().absmax());
                assertThat(checkpoint.tensor("w.weight").dtype()).isEqualTo(DType.U8);
            }
        } finally {
            Files.delete(file);
        }
    }

    private static float[] values(int size, int magnitude, long seed) {
        Random random = new Random(seed);
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) (random.nextGaussian() * Math.pow(10, magnitude));
        }
        return values;
    }
}
