package dev.socratic.trainer.quant;

import static org.assertj.core.api.Assertions.assertThat;

import dev.socratic.trainer.checkpoint.Checkpoint;
import dev.socratic.trainer.checkpoint.DType;
import dev.socratic.trainer.checkpoint.SafetensorsWriter;
import dev.socratic.trainer.checkpoint.StoredTensor;
import dev.socratic.trainer.checkpoint.TensorToWrite;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against what bitsandbytes made of the same matrices: src/test/parity/nf4_goldens.py. */
class Nf4Test {
    private static Checkpoint goldens;

    @BeforeAll
    static void open() throws URISyntaxException {
        goldens = Checkpoint.open(
                Path.of(Nf4Test.class.getResource("nf4.safetensors").toURI()));
    }

    @AfterAll
    static void close() {
        goldens.close();
    }

    @Test
    void levelsAreThoseOfTheReference() throws NoSuchAlgorithmException {
        assertThat(Nf4.codebook()).containsExactly(floats("codebook"));
        assertThat(Nf4.dynamicMap()).containsExactly(floats("dynamic_map"));
        ByteBuffer bytes = ByteBuffer.allocate(1024).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(Nf4.dynamicMap());
        assertThat(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.array())))
                .isEqualTo("e732639a65f497b4ad684bb166a4467708255edd5207757de8b8f0c7e1fda89c");
    }

    @ParameterizedTest
    @ValueSource(strings = {"one", "zeros", "ties", "odd", "mixed", "many"})
    void quantizesBitForBit(String matrix) {
        Nf4Tensor plain = quantize(matrix, DoubleQuant.OFF);
        assertThat(plain.packed()).containsExactly(bytes(matrix + ".packed"));
        assertThat(plain.scales().absmax()).containsExactly(floats(matrix + ".absmax"));

        Nf4Tensor nested = quantize(matrix, DoubleQuant.ON);
        BlockScales.DoubleQuantized scales = (BlockScales.DoubleQuantized) nested.scales();
        float offset = floats(matrix + ".offset")[0];
        Offset<Float> lastBitsOfTheMean = Offset.offset(4 * Math.ulp(offset));
        assertThat(nested.packed()).containsExactly(plain.packed());
        assertThat(scales.codes()).containsExactly(bytes(matrix + ".codes"));
        assertThat(scales.offset()).isCloseTo(offset, lastBitsOfTheMean);
        assertThat(scales.nestedAbsmax()).containsExactly(floats(matrix + ".nested_absmax"), lastBitsOfTheMean);
    }

    @ParameterizedTest
    @ValueSource(strings = {"one", "zeros", "ties", "odd", "mixed"})
    void dequantizesBitForBit(String matrix) {
        Nf4Tensor plain = quantize(matrix, DoubleQuant.OFF);
        assertThat(Nf4.dequantize(plain)).containsExactly(floats(matrix + ".dequantized"));
        BlockScales scales = new BlockScales.DoubleQuantized(
                bytes(matrix + ".codes"), floats(matrix + ".nested_absmax"), floats(matrix + ".offset")[0]);
        assertThat(Nf4.dequantize(new Nf4Tensor(plain.shape(), plain.packed(), scales)))
                .containsExactly(floats(matrix + ".double_dequantized"));
    }

    @Test
    void manyTasksGiveTheSameAsTheirBlocksOneByOne(@TempDir Path folder) {
        Random random = new Random(3);
        float[] values = new float[300_007];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        long[] shape = {values.length};
        Path file = folder.resolve("w.safetensors");
        SafetensorsWriter.write(file, Map.of(), Map.of("w", TensorToWrite.floats(shape, values)));
        try (Checkpoint checkpoint = Checkpoint.open(file)) {
            StoredTensor stored = checkpoint.tensor("w");
            Nf4Tensor whole = Nf4.quantize(stored, DType.F16, DoubleQuant.OFF);
            float[] cast = stored.toFloats(DType.F16);
            assertThat(whole.packed())
                    .isEqualTo(Nf4.quantize(cast, shape, DoubleQuant.OFF).packed());
            for (int at = 0; at < values.length; at += Nf4.BLOCK) {
                float[] block = Arrays.copyOfRange(cast, at, Math.min(values.length, at + Nf4.BLOCK));
                Nf4Tensor alone = Nf4.quantize(block, new long[] {block.length}, DoubleQuant.OFF);
                assertThat(Arrays.copyOfRange(whole.packed(), at / 2, at / 2 + alone.packed().length))
                        .isEqualTo(alone.packed());
                assertThat(whole.scales().absmax()[at / Nf4.BLOCK])
                        .isEqualTo(alone.scales().absmax()[0]);
            }
        }
    }

    private static Nf4Tensor quantize(String matrix, DoubleQuant doubleQuant) {
        return Nf4.quantize(goldens.tensor(matrix + ".matrix"), DType.F32, doubleQuant);
    }

    private static float[] floats(String name) {
        return goldens.tensor(name).toFloats();
    }

    private static byte[] bytes(String name) {
        StoredTensor tensor = goldens.tensor(name);
        byte[] bytes = new byte[(int) tensor.byteSize()];
        tensor.bytes(0, bytes.length).get(bytes);
        return bytes;
    }
}
