package dev.socratic.trainer.placement;

import static org.assertj.core.api.Assertions.assertThat;

import dev.socratic.api.v1alpha1.spec.Dtype;
import dev.socratic.trainer.placement.ModelShape.Head;
import dev.socratic.trainer.placement.ModelShape.LinearShape;
import dev.socratic.trainer.placement.ModuleTree.Quantized;
import dev.socratic.trainer.placement.ModuleTree.WeightFormat;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BalancedMapTest {
    static final Map<String, ModelShape> SHAPES = Map.of(
            "gemma-2-2b", shape(256000, 2304, 9216, 26, 8, 4, 256, 4, Head.TIED),
            "gemma-2-9b", shape(256000, 3584, 14336, 42, 16, 8, 256, 4, Head.TIED),
            "llama-8b", shape(128256, 4096, 14336, 32, 32, 8, 128, 2, Head.OWN),
            "tiny", shape(2000, 128, 512, 4, 4, 2, 32, 4, Head.TIED));

    /** A block of seven linear layers without biases, as in Llama and Gemma. */
    private static ModelShape shape(
            int vocabulary,
            int hidden,
            int inner,
            int layers,
            int heads,
            int keyValues,
            int dimension,
            int norms,
            Head head) {
        int query = heads * dimension;
        int keyValue = keyValues * dimension;
        List<LinearShape> linears = List.of(
                new LinearShape("q_proj", hidden, query, 0),
                new LinearShape("k_proj", hidden, keyValue, 0),
                new LinearShape("v_proj", hidden, keyValue, 0),
                new LinearShape("o_proj", query, hidden, 0),
                new LinearShape("gate_proj", hidden, inner, 0),
                new LinearShape("up_proj", hidden, inner, 0),
                new LinearShape("down_proj", inner, hidden, 0));
        List<Integer> widths = Collections.nCopies(norms, hidden);
        return new ModelShape(
                vocabulary,
                hidden,
                inner,
                layers,
                heads,
                keyValues,
                dimension,
                linears,
                widths,
                head,
                ModelShape.Rotation.BY_POSITION);
    }

    /** Golden: accelerate 1.15 over transformers 5.23's modules on the meta device, shares computed while untied. */
    @ParameterizedTest
    @CsvSource({
        "gemma-2-2b, NF4, balanced,   4 4,     0, 0:0-7 1:8-25,         1, 0",
        "gemma-2-2b, NF4, sequential, 4 4,     0, 0:0-25,               0, 0",
        "gemma-2-2b, NF4, balanced,   4,       0, 0:0-25,               0, 0",
        "gemma-2-2b, NF4, balanced,   4 4 4,   2, 2:0-25,               2, 2",
        "gemma-2-2b, NO,  balanced,   4 4,     0, 0:0-12 1:13-25,       1, 0",
        "gemma-2-2b, NF4, balanced,   1 1,     cpu, cpu:0-25,           cpu, cpu",
        "gemma-2-9b, NF4, balanced,   8 8,     0, 0:0-16 1:17-41,       1, 0",
        "gemma-2-9b, NF4, balanced,   2 2 2 2, 1, 2:0-17 3:18-36 cpu:37-41, cpu, 1",
        "llama-8b,   NF4, balanced,   8 8,     0, 0:0-3 1:4-31,         1, 1",
        "llama-8b,   NO,  balanced,   8 8,     0, 0:0-13 1:14-31,       1, cpu",
        "llama-8b,   NF4, balanced,   2 2,     1, 1:0-7 cpu:8-31,       cpu, cpu",
        "llama-8b,   NF4, sequential, 3 8,     0, 0:0-6 1:7-31,         1, 1",
        "tiny,       NO,  balanced,   4 4,     0, 0:0-1 1:2-3,          1, 0",
    })
    void placesAsAccelerateDoes(
            String model,
            Quantized quantized,
            String strategy,
            String gpuGibibytes,
            String embedding,
            String layers,
            String norm,
            String head) {
        Map<String, Long> caps = new LinkedHashMap<>();
        for (String cap : gpuGibibytes.split(" ")) {
            caps.put(String.valueOf(caps.size()), Long.parseLong(cap) << 30);
        }
        caps.put("cpu", 24_000_000_000L);
        WeightFormat format = WeightFormat.of(Dtype.FLOAT16, quantized);
        DeviceMap map = strategy.equals("balanced")
                ? BalancedMap.balanced(SHAPES.get(model), format, caps)
                : BalancedMap.sequential(SHAPES.get(model), format, caps);
        assertThat(map.embedding()).isEqualTo(embedding);
        assertThat(runs(map)).isEqualTo(layers);
        assertThat(map.norm()).isEqualTo(norm);
        assertThat(map.head()).isEqualTo(head);
    }

    /** Consecutive layers of a device as DEVICE:FIRST-LAST. */
    private static String runs(DeviceMap map) {
        StringBuilder text = new StringBuilder();
        int first = 0;
        for (int i = 1; i <= map.layers().size(); i++) {
            if (i == map.layers().size()
                    || !map.layers().get(i).equals(map.layers().get(first))) {
                text.append(' ')
                        .append(map.layers().get(first))
                        .append(':')
                        .append(first)
                        .append('-')
                        .append(i - 1);
                first = i;
            }
        }
        return text.substring(1);
    }
}
