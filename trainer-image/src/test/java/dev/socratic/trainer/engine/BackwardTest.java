package dev.socratic.trainer.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.socratic.trainer.quant.DoubleQuant;
import dev.socratic.trainer.quant.Nf4;
import dev.socratic.trainer.quant.Nf4Tensor;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every backward pass against central differences: for random dy and a random direction d of all inputs together,
 * (f(x + hd) - f(x - hd)) · dy / 2h is dx · d.
 */
class BackwardTest {
    private static final float STEP = 1e-2f;
    private static final double TOLERANCE = 2e-3;

    private static TorchEngine engine;
    private static NDManager scope;

    /** An operation on its differentiable inputs. */
    private interface Forward {
        NDList of(List<NDArray> inputs);
    }

    /** The gradients by those inputs. */
    private interface Backward {
        List<NDArray> of(List<NDArray> inputs, List<NDArray> gradients);
    }

    @BeforeAll
    static void start() {
        engine = TorchEngine.start();
        scope = engine.root().newSubManager();
    }

    @AfterAll
    static void end() {
        engine.close();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("operations")
    void equalsCentralDifferences(String name, List<Shape> shapes, Forward forward, Backward backward) {
        Random random = new Random(name.hashCode());
        List<NDArray> inputs = draw(random, shapes);
        List<NDArray> directions = draw(random, shapes);
        NDList outputs = forward.of(inputs);
        List<NDArray> dys = draw(random, outputs.stream().map(NDArray::getShape).toList());
        double numeric = (dot(forward.of(moved(inputs, directions, STEP)), dys)
                        - dot(forward.of(moved(inputs, directions, -STEP)), dys))
                / (2 * STEP);
        double written = dot(backward.of(inputs, dys), directions);
        double size = Math.sqrt(dot(dys, dys));
        assertThat(written).isCloseTo(numeric, within(TOLERANCE * size));
        assertThat(Math.abs(numeric)).as("a derivative that can be missed").isGreaterThan(20 * TOLERANCE * size);
    }

    static Stream<Arguments> operations() {
        Ops ops = engine.ops();
        return Stream.of(
                norm("norm, weight", NormWeight.Scale.WEIGHT),
                norm("norm, one plus weight", NormWeight.Scale.ONE_PLUS_WEIGHT),
                rope("rope", 6),
                rope("rope, part of a head", 4),
                attention("attention, causal", rule(0.4, 0, Optional.empty())),
                attention("attention, soft cap", rule(0.9, 1.5, Optional.empty())),
                attention("attention, window", rule(0.4, 0, Optional.of(window(5, 2)))),
                attention("attention, window and soft cap", rule(0.9, 2, Optional.of(window(5, 3)))),
                // 2 * 4 * 300 * 300 scores are more than a block
                attention("attention, in blocks", 300, rule(0.4, 0, Optional.empty())),
                attention("attention, in blocks with soft cap", 300, rule(0.9, 1.5, Optional.empty())),
                attention("attention, in blocks with window", 300, rule(0.4, 0, Optional.of(window(300, 70)))),
                gate("gelu", Activation.GELU_TANH),
                gate("silu", Activation.SILU),
                linear("linear, dense", new Weight.Dense(constant(5, 6)), Dropout.NONE),
                linear("linear, dropout", new Weight.Dense(constant(5, 6)), new Dropout(0.4, 11)),
                linear("linear, nf4", nf4(5, 6, DoubleQuant.OFF), Dropout.NONE),
                linear("linear, nf4 double", nf4(9, 30, DoubleQuant.ON), Dropout.NONE),
                loss("loss", 0, 0),
                loss("loss, soft cap", 1.2, 0),
                loss("loss, smoothed", 0, 0.3),
                loss("loss, smoothed, soft cap", 1.2, 0.3),
                arguments(
                        "add",
                        List.of(new Shape(3), new Shape(3)),
                        (Forward) x -> new NDList(ops.add(scope, x.get(0), x.get(1))),
                        (Backward) (x, dy) -> List.of(dy.get(0), dy.get(0))));
    }

    private static Arguments norm(String name, NormWeight.Scale scale) {
        NormWeight weight = new NormWeight(vector(6), 1e-6, scale, Precision.FLOAT32);
        return arguments(
                name,
                List.of(new Shape(4, 6)),
                (Forward) x -> new NDList(engine.ops().rmsNorm(scope, x.get(0), weight)),
                (Backward) (x, dy) ->
                        List.of(engine.ops().rmsNormBackward(scope, x.get(0), weight, dy.get(0), Optional.empty())));
    }

    private static Arguments rope(String name, int turned) {
        Ops ops = engine.ops();
        Rotary rotary = ops.rotary(scope, ops.rotaryFrequencies(scope, 100, turned), 5, 1, Precision.FLOAT32);
        return arguments(
                name,
                List.of(new Shape(2, 5, 3, 6)),
                (Forward) x -> new NDList(ops.rope(scope, x.get(0), rotary)),
                (Backward) (x, dy) -> List.of(ops.ropeBackward(scope, dy.get(0), rotary)));
    }

    private static AttentionRule rule(double scale, double softcap, Optional<NDArray> mask) {
        return new AttentionRule(scale, softcap, Precision.FLOAT32, mask, 0);
    }

    private static Arguments attention(String name, AttentionRule rule) {
        return attention(name, 5, rule);
    }

    private static Arguments attention(String name, int length, AttentionRule rule) {
        Ops ops = engine.ops();
        return arguments(
                name,
                List.of(new Shape(2, length, 4, 6), new Shape(2, length, 2, 6), new Shape(2, length, 2, 6)),
                (Forward) x -> new NDList(
                        ops.attention(scope, x.get(0), x.get(1), x.get(2), rule).output()),
                (Backward) (x, dy) -> {
                    Attended attended = ops.attention(scope, x.get(0), x.get(1), x.get(2), rule);
                    return ops.attentionBackward(scope, x.get(0), x.get(1), x.get(2), rule, attended, dy.get(0));
                });
    }

    private static Arguments gate(String name, Activation activation) {
        Ops ops = engine.ops();
        return arguments(
                name,
                List.of(new Shape(3, 4), new Shape(3, 4)),
                (Forward) x -> new NDList(ops.gate(scope, x.get(0), x.get(1), activation)),
                (Backward) (x, dy) -> ops.gateBackward(scope, x.get(0), x.get(1), activation, dy.get(0)));
    }

    /** By x, A and B; a second layer of the same weights shows that the gradients of a group add up. */
    private static Arguments linear(String name, Weight weight, Dropout dropout) {
        Ops ops = engine.ops();
        NDArray other = constant(4, weight.columns());
        return arguments(
                name,
                List.of(new Shape(7, weight.columns()), new Shape(3, weight.columns()), new Shape(weight.rows(), 3)),
                (Forward) x -> new NDList(ops.project(scope, x.get(0), group(x, weight, other), dropout)),
                (Backward) (x, dy) -> {
                    List<Linear> group = group(x, weight, other);
                    LoraFactors lora = group.get(0).lora().orElseThrow();
                    NDArray dx = ops.projectBackward(scope, Optional.of(x.get(0)), group, dropout, dy);
                    return List.of(dx, lora.aGradient(), lora.bGradient());
                });
    }

    private static List<Linear> group(List<NDArray> x, Weight weight, NDArray other) {
        NDArray a = x.get(1);
        NDArray b = x.get(2);
        LoraFactors lora = new LoraFactors(a, b, scope.zeros(a.getShape()), scope.zeros(b.getShape()), 0.7);
        return List.of(
                new Linear("adapted", weight, Precision.FLOAT32, Optional.of(vector(weight.rows())), Optional.of(lora)),
                new Linear("plain", new Weight.Dense(other), Precision.FLOAT32, Optional.empty(), Optional.empty()));
    }

    private static Arguments loss(String name, double softcap, double smoothing) {
        Ops ops = engine.ops();
        HeadWeight head = new HeadWeight(constant(11, 6), softcap, smoothing, Optional.empty());
        NDArray labels = scope.create(new long[] {3, 0, 10, 3});
        return arguments(
                name,
                List.of(new Shape(4, 6)),
                (Forward)
                        x -> new NDList(ops.loss(scope, x.get(0), head, labels).sum()),
                (Backward) (x, dy) -> List.of(ops.lossAndGradient(scope, x.get(0), head, labels, value(dy.get(0)))
                        .gradient()));
    }

    private static NDArray window(int length, int window) {
        return engine.ops().slidingWindow(scope, length, window, scope.create(0f));
    }

    private static Weight nf4(int rows, int columns, DoubleQuant doubleQuant) {
        Nf4Tensor tensor =
                Nf4.quantize(constant(rows, columns).toFloatArray(), new long[] {rows, columns}, doubleQuant);
        return new Nf4Storage(engine, scope).place(tensor, rows, columns, Precision.FLOAT32, Device.cpu());
    }

    private static NDArray constant(long rows, long columns) {
        return draw(new Random(rows * 31 + columns), List.of(new Shape(rows, columns)))
                .get(0);
    }

    private static NDArray vector(long size) {
        return draw(new Random(size), List.of(new Shape(size))).get(0);
    }

    private static List<NDArray> draw(Random random, List<Shape> shapes) {
        return shapes.stream()
                .map(shape -> {
                    float[] values = new float[(int) shape.size()];
                    for (int i = 0; i < values.length; i++) {
                        values[i] = (float) random.nextGaussian();
                    }
                    return (NDArray) scope.create(values, shape);
                })
                .toList();
    }

    private static List<NDArray> moved(List<NDArray> inputs, List<NDArray> directions, float by) {
        return Stream.iterate(0, i -> i + 1)
                .limit(inputs.size())
                .map(i -> inputs.get(i).add(directions.get(i).mul(by)))
                .toList();
    }

    private static double dot(List<NDArray> a, List<NDArray> b) {
        double sum = 0;
        for (int i = 0; i < a.size(); i++) {
            double[] x = a.get(i).toType(DataType.FLOAT64, true).toDoubleArray();
            double[] y = b.get(i).toType(DataType.FLOAT64, true).toDoubleArray();
            for (int j = 0; j < x.length; j++) {
                sum += x[j] * y[j];
            }
        }
        return sum;
    }

    private static double value(NDArray scalar) {
        return scalar.toType(DataType.FLOAT64, true).toDoubleArray()[0];
    }
}
