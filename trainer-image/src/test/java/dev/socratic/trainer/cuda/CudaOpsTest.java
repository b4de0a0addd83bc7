package dev.socratic.trainer.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.socratic.trainer.engine.Activation;
import dev.socratic.trainer.engine.AdamW;
import dev.socratic.trainer.engine.Attended;
import dev.socratic.trainer.engine.AttentionRule;
import dev.socratic.trainer.engine.Dropout;
import dev.socratic.trainer.engine.HeadWeight;
import dev.socratic.trainer.engine.Linear;
import dev.socratic.trainer.engine.LoraFactors;
import dev.socratic.trainer.engine.NormWeight;
import dev.socratic.trainer.engine.Ops;
import dev.socratic.trainer.engine.Precision;
import dev.socratic.trainer.engine.Rotary;
import dev.socratic.trainer.engine.TokenLoss;
import dev.socratic.trainer.engine.TorchEngine;
import dev.socratic.trainer.engine.Weight;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every kernel, in each compute type, against the plain operations in float32 on the same values. */
class CudaOpsTest {
    private static final Map<Precision, Double> TOLERANCE =
            new EnumMap<>(Map.of(Precision.FLOAT32, 2e-5, Precision.FLOAT16, 3e-3, Precision.BFLOAT16, 2e-2));
    private static final Device GPU = Device.gpu(0);

    @TempDir
    static Path cache;

    private static TorchEngine plain;
    private static NDManager scope;
    private static LinearGroup.Random random;
    private static final Map<Precision, Ops> OURS = new EnumMap<>(Precision.class);

    @BeforeAll
    static void start() {
        plain = TorchEngine.start();
        assumeTrue(ai.djl.engine.Engine.getEngine("PyTorch").getGpuCount() > 0, "this machine has no GPU");
        scope = plain.root().newSubManager();
        random = new LinearGroup.Random(plain, scope, GPU);
        for (Precision compute : Precision.values()) {
            Acceleration acceleration = Acceleration.of(plain, 1, compute, cache);
            assertThat(acceleration.whyNot()).isEmpty();
            OURS.put(compute, acceleration.engine().ops());
        }
    }

    @AfterAll
    static void end() {
        plain.close();
    }

    @ParameterizedTest
    @CsvSource({
        "FLOAT32, FLOAT32, 3, 33",
        "FLOAT16, FLOAT32, 5, 2304",
        "FLOAT16, FLOAT16, 1, 64",
        "BFLOAT16, FLOAT32, 7, 50",
        "BFLOAT16, BFLOAT16, 2, 3584"
    })
    void norms(Precision compute, Precision stream, int rows, int columns) {
        for (NormWeight.Scale scale : NormWeight.Scale.values()) {
            NDArray w = plain.tensors().cast(scope, draw(1, columns), stream).reshape(new Shape(columns));
            NormWeight own = new NormWeight(w, 1e-6, scale, compute);
            NormWeight exact = new NormWeight(w.toType(DataType.FLOAT32, true), 1e-6, scale, Precision.FLOAT32);
            NDArray x = in(stream, draw(rows, columns));
            NDArray branch = in(compute, draw(rows, columns));
            NDArray dy = in(compute, draw(rows, columns));
            NDArray dStream = in(stream, draw(rows, columns));
            Ops ours = OURS.get(compute);
            Ops torch = plain.ops();
            close(compute, ours.rmsNorm(scope, x, own), torch.rmsNorm(scope, floats(x), exact));
            close(compute, ours.rmsNorm(scope, branch, own), torch.rmsNorm(scope, floats(branch), exact));
            close(
                    compute,
                    ours.rmsNormBackward(scope, x, own, dy, Optional.of(dStream)),
                    torch.rmsNormBackward(scope, floats(x), exact, floats(dy), Optional.of(floats(dStream))));
            close(
                    compute,
                    ours.rmsNormBackward(scope, branch, own, dStream, Optional.empty()),
                    torch.rmsNormBackward(scope, floats(branch), exact, floats(dStream), Optional.empty()));
            close(
                    compute,
                    ours.residual(scope, x, branch, Optional.of(own)),
                    torch.residual(scope, floats(x), floats(branch), Optional.of(exact)));
            close(
                    compute,
                    ours.residual(scope, x, branch, Optional.empty()),
                    torch.residual(scope, floats(x), floats(branch), Optional.empty()));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "FLOAT32, 3, 33, 1, NESTED",
        "FLOAT32, 9, 64, 3, NF4",
        "FLOAT16, 1, 96, 3, NESTED",
        "FLOAT16, 130, 256, 2, NESTED",
        "FLOAT16, 7, 128, 3, DENSE",
        "BFLOAT16, 17, 128, 3, NESTED",
        "BFLOAT16, 130, 256, 2, DENSE",
        "BFLOAT16, 4, 72, 1, NF4"
    })
    void linearLayersWithAdapters(Precision compute, int rows, int inputs, int count, LinearGroup.Stored stored) {
        NDArray x = in(compute, draw(rows, inputs));
        LinearGroup ours = random.group(compute, inputs, count, stored);
        List<NDArray> ys = OURS.get(compute).project(scope, x, ours.layers(), Dropout.NONE);
        List<NDArray> expected = plain.ops().project(scope, floats(x), ours.exact(), Dropout.NONE);
        List<NDArray> dys = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            close(compute, ys.get(i), expected.get(i));
            dys.add(in(compute, draw(rows, ours.outputs(i))));
        }
        List<NDArray> dysInFull = dys.stream().map(CudaOpsTest::floats).toList();
        close(
                compute,
                OURS.get(compute).projectBackward(scope, Optional.of(x), ours.layers(), Dropout.NONE, dys),
                plain.ops().projectBackward(scope, Optional.of(floats(x)), ours.exact(), Dropout.NONE, dysInFull));
        for (int i = 0; i < count; i++) {
            LoraFactors mine = ours.layers().get(i).lora().orElseThrow();
            LoraFactors theirs = ours.exact().get(i).lora().orElseThrow();
            close(compute, mine.aGradient(), theirs.aGradient());
            close(compute, mine.bGradient(), theirs.bGradient());
        }
    }

    /** Given its masks a layer is linear in x, so that dy · f(x) is x · backward(dy). */
    @ParameterizedTest
    @CsvSource({"FLOAT32", "FLOAT16", "BFLOAT16"})
    void dropoutGoesBackThroughItsOwnMasks(Precision compute) {
        LinearGroup group = random.group(compute, 512, 3, LinearGroup.Stored.NESTED);
        List<Linear> layers = group.withoutBias();
        Dropout dropout = new Dropout(0.5, 7);
        NDArray x = in(compute, draw(64, 512));
        List<NDArray> ys = OURS.get(compute).project(scope, x, layers, dropout);
        List<NDArray> dys = new ArrayList<>();
        double forward = 0;
        double size = 0;
        for (int i = 0; i < 3; i++) {
            dys.add(in(compute, draw(64, group.outputs(i))));
            forward += dot(dys.get(i), ys.get(i));
            size += Math.sqrt(dot(dys.get(i), dys.get(i)) * dot(ys.get(i), ys.get(i)));
        }
        NDArray dx = OURS.get(compute).projectBackward(scope, Optional.of(x), layers, dropout, dys);
        assertThat(dot(x, dx)).isCloseTo(forward, within(TOLERANCE.get(compute) * size));
    }

    @ParameterizedTest
    @CsvSource({"FLOAT32, 0.1", "FLOAT16, 0.1", "BFLOAT16, 0.5"})
    void dropoutKeepsTheMeanAndDropsItsShare(Precision compute, double probability) {
        int inputs = 8192;
        NDArray ones = in(compute, scope.ones(new Shape(16, inputs), DataType.FLOAT32, GPU));
        NDArray a = scope.ones(new Shape(1, inputs), DataType.FLOAT32, GPU).div(inputs);
        NDArray b = scope.ones(new Shape(8, 1), DataType.FLOAT32, GPU);
        LoraFactors lora = new LoraFactors(a, b, a.duplicate(), b.duplicate(), 1);
        NDArray none = in(compute, scope.zeros(new Shape(8, inputs), DataType.FLOAT32, GPU));
        Linear layer = new Linear("layer", new Weight.Dense(none), compute, Optional.empty(), Optional.of(lora));
        float[] means = floats(OURS.get(compute)
                        .project(scope, ones, List.of(layer), new Dropout(probability, 3))
                        .get(0))
                .toFloatArray();
        double deviation = Math.sqrt(probability / (1 - probability) / inputs);
        for (int row = 0; row < 16; row++) {
            assertThat((double) means[8 * row]).isCloseTo(1, within(5 * deviation + TOLERANCE.get(compute)));
        }
        assertThat(means[0]).as("rows have masks of their own").isNotEqualTo(means[8]);
    }

    @ParameterizedTest
    @CsvSource({"FLOAT32, 64", "FLOAT16, 64", "FLOAT16, 6", "BFLOAT16, 256"})
    void rotations(Precision compute, int width) {
        NDArray frequencies = plain.ops().rotaryFrequencies(scope, 10000, width).toDevice(GPU, true);
        Rotary rotary = plain.ops().rotary(scope, frequencies, 5, 1, Precision.FLOAT32);
        NDArray columns = in(compute, draw(2 * 5, 4 * width));
        NDArray x = plain.tensors()
                .heads(
                        scope,
                        plain.tensors()
                                .columns(scope, columns, List.of(width, 3 * width))
                                .get(1),
                        2,
                        5,
                        width);
        Ops ours = OURS.get(compute);
        NDArray turned = plain.ops().rope(scope, floats(x), rotary);
        NDArray y = ours.rope(scope, x, rotary);
        close(compute, y, turned);
        NDArray back = plain.ops().ropeBackward(scope, floats(y), rotary);
        close(compute, ours.ropeBackward(scope, y, rotary), back);
    }

    @ParameterizedTest
    @CsvSource({"FLOAT32, 16, 0", "FLOAT16, 64, 0", "FLOAT16, 256, 3", "BFLOAT16, 128, 0", "BFLOAT16, 32, 4"})
    void attention(Precision compute, int width, int window) {
        NDArray q = in(compute, draw(2 * 9, 4 * width)).reshape(2, 9, 4, width);
        NDArray k = in(compute, draw(2 * 9, 2 * width)).reshape(2, 9, 2, width);
        NDArray v = in(compute, draw(2 * 9, 2 * width)).reshape(2, 9, 2, width);
        NDArray dy = in(compute, draw(2 * 9, 4 * width)).reshape(2, 9, 4, width);
        Optional<NDArray> mask =
                window == 0 ? Optional.empty() : Optional.of(plain.ops().slidingWindow(scope, 9, window, q));
        AttentionRule rule = new AttentionRule(1 / Math.sqrt(width), 0, Precision.FLOAT32, mask, window);
        Ops ours = OURS.get(compute);
        Attended attended = ours.attention(scope, q, k, v, rule);
        Attended expected = plain.ops().attention(scope, floats(q), floats(k), floats(v), rule);
        close(compute, attended.output(), expected.output());
        assertThat(attended.statistics().isEmpty()).as("plain").isEqualTo(compute == Precision.FLOAT32);
        List<NDArray> gradients = ours.attentionBackward(scope, q, k, v, rule, attended, dy);
        List<NDArray> exact =
                plain.ops().attentionBackward(scope, floats(q), floats(k), floats(v), rule, expected, floats(dy));
        for (int i = 0; i < 3; i++) {
            close(compute, gradients.get(i), exact.get(i));
        }
    }

    /** Keys and values lie side by side in one buffer. */
    @ParameterizedTest
    @CsvSource({
        "FLOAT32, 9, 2, 2, 64, 0",
        "FLOAT16, 1, 4, 4, 256, 0",
        "FLOAT16, 7, 4, 2, 64, 3",
        "FLOAT16, 33, 4, 1, 96, 0",
        "FLOAT16, 128, 2, 2, 128, 40",
        "FLOAT16, 200, 4, 2, 256, 0",
        "FLOAT16, 200, 4, 1, 256, 70",
        "BFLOAT16, 7, 2, 1, 256, 0",
        "BFLOAT16, 33, 4, 4, 128, 5",
        "BFLOAT16, 128, 4, 1, 256, 0",
        "BFLOAT16, 200, 4, 2, 96, 129",
        "BFLOAT16, 200, 2, 1, 64, 0"
    })
    void attentionWithASoftCap(Precision compute, int length, int heads, int keyValueHeads, int width, int window) {
        int keyValueWidth = keyValueHeads * width;
        List<NDArray> columns = plain.tensors()
                .columns(
                        scope,
                        in(compute, draw(2L * length, 2L * keyValueWidth)),
                        List.of(keyValueWidth, keyValueWidth));
        NDArray q = in(compute, draw(2L * length, (long) heads * width)).reshape(2, length, heads, width);
        NDArray k = plain.tensors().heads(scope, columns.get(0), 2, length, width);
        NDArray v = plain.tensors().heads(scope, columns.get(1), 2, length, width);
        NDArray dy = in(compute, draw(2L * length, (long) heads * width)).reshape(2, length, heads, width);
        Optional<NDArray> mask =
                window == 0 ? Optional.empty() : Optional.of(plain.ops().slidingWindow(scope, length, window, q));
        AttentionRule rule = new AttentionRule(2 / Math.sqrt(width), 3, Precision.FLOAT32, mask, window);
        Ops ours = OURS.get(compute);
        Attended attended = ours.attention(scope, q, k, v, rule);
        Attended expected = plain.ops().attention(scope, floats(q), floats(k), floats(v), rule);
        close(compute, attended.output(), expected.output());
        assertThat(attended.statistics().isEmpty()).as("plain").isEqualTo(compute == Precision.FLOAT32);
        List<NDArray> gradients = ours.attentionBackward(scope, q, k, v, rule, attended, dy);
        List<NDArray> exact =
                plain.ops().attentionBackward(scope, floats(q), floats(k), floats(v), rule, expected, floats(dy));
        close(compute, gradients.get(2), exact.get(2));
        if (length > 1) {
            // where a query sees one key alone, both are rounding errors
            close(compute, gradients.get(0), exact.get(0));
            close(compute, gradients.get(1), exact.get(1));
        }
    }

    @ParameterizedTest
    @CsvSource({"FLOAT32, 3, 33", "FLOAT16, 1, 64", "FLOAT16, 7, 250", "BFLOAT16, 5, 128"})
    void gates(Precision compute, int rows, int columns) {
        for (Activation activation : Activation.values()) {
            NDArray both = in(compute, draw(rows, 2 * columns));
            List<NDArray> parts = plain.tensors().columns(scope, both, List.of(columns, columns));
            NDArray dy = in(compute, draw(rows, columns));
            NDArray gate = parts.get(0);
            NDArray up = parts.get(1);
            Ops ours = OURS.get(compute);
            close(
                    compute,
                    ours.gate(scope, gate, up, activation),
                    plain.ops().gate(scope, floats(gate), floats(up), activation));
            List<NDArray> exact = plain.ops().gateBackward(scope, floats(gate), floats(up), activation, floats(dy));
            List<NDArray> gradients = ours.gateBackward(scope, gate, up, activation, dy);
            close(compute, gradients.get(0), exact.get(0));
            close(compute, gradients.get(1), exact.get(1));
        }
    }

    @ParameterizedTest
    @CsvSource({"FLOAT32, 1, 515, 30", "FLOAT16, 5, 512, 30", "FLOAT16, 300, 1003, 0", "BFLOAT16, 130, 768, 30"})
    void tokenLosses(Precision compute, int rows, int vocabulary, double softcap) {
        NDArray h = in(compute, draw(rows, 64));
        NDArray table = in(compute, draw(vocabulary, 64));
        long[] ids = new long[rows];
        for (int i = 0; i < rows; i++) {
            ids[i] = (i * 37L) % vocabulary;
        }
        NDArray labels = scope.create(ids).toDevice(GPU, true);
        TokenLoss mine = OURS.get(compute).lossAndGradient(scope, h, new HeadWeight(table, softcap), labels, 0.5);
        TokenLoss exact =
                plain.ops().lossAndGradient(scope, floats(h), new HeadWeight(floats(table), softcap), labels, 0.5);
        double sum = exact.sum().toDoubleArray()[0];
        assertThat(mine.sum().toDoubleArray()[0]).isCloseTo(sum, within(TOLERANCE.get(compute) * sum));
        close(compute, mine.gradient(), exact.gradient());
        double alone = OURS.get(compute)
                .loss(scope, h, new HeadWeight(table, softcap), labels)
                .sum()
                .toDoubleArray()[0];
        assertThat(alone).isEqualTo(mine.sum().toDoubleArray()[0]);
    }

    @ParameterizedTest
    @CsvSource({"1", "1000"})
    void optimizerSteps(int step) {
        NDArray gradient = draw(1, 1001).reshape(1001);
        NDArray moments = draw(1, 1001).reshape(1001).mul(0.1);
        NDArray squares = moments.mul(moments);
        NDArray parameters = draw(1, 1001).reshape(1001);
        AdamW settings = new AdamW(step, 1e-2, 0.1, 0.5);
        List<NDArray> mine = List.of(parameters.duplicate(), moments.duplicate(), squares.duplicate());
        OURS.get(Precision.FLOAT16).adamw(mine.get(0), gradient, mine.get(1), mine.get(2), settings);
        plain.ops().adamw(parameters, gradient, moments, squares, settings);
        close(Precision.FLOAT32, mine.get(0), parameters);
        close(Precision.FLOAT32, mine.get(1), moments);
        close(Precision.FLOAT32, mine.get(2), squares);
    }

    private static NDArray draw(long rows, long columns) {
        return random.draw(rows, columns);
    }

    private static NDArray in(Precision type, NDArray x) {
        return plain.tensors().cast(scope, x, type);
    }

    private static NDArray floats(NDArray x) {
        return plain.tensors().cast(scope, x, Precision.FLOAT32);
    }

    private static double dot(NDArray a, NDArray b) {
        float[] x = floats(a).toFloatArray();
        float[] y = floats(b).toFloatArray();
        double sum = 0;
        for (int i = 0; i < x.length; i++) {
            sum += (double) x[i] * y[i];
        }
        return sum;
    }

    private static void close(Precision compute, NDArray mine, NDArray exact) {
        assertThat(mine.getShape()).isEqualTo(exact.getShape());
        NDArray difference = floats(mine).sub(floats(exact));
        double error = Math.sqrt(dot(difference, difference) / dot(exact, exact));
        assertThat(error).isLessThan(TOLERANCE.get(compute));
    }
}
