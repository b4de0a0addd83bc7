package dev.socratic.trainer.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The operations with ATen, on any device; the formulas stand in the TorchScript resources. */
final class TorchOps implements Ops {
    private final TorchScript norm;
    private final TorchScript linear;
    private final TorchScript rope;
    private final TorchScript attention;
    private final TorchScript hostAttention;
    private final TorchScript gate;
    private final TorchScript head;
    private final TorchScript optimizer;
    private final HostNf4 hostNf4;

    TorchOps(NDManager owner) {
        norm = TorchScript.load(owner, "Norm");
        linear = TorchScript.load(owner, "Linear");
        rope = TorchScript.load(owner, "Rope");
        attention = TorchScript.load(owner, "Attention");
        hostAttention = TorchScript.load(owner, "HostAttention");
        gate = TorchScript.load(owner, "Gate");
        head = TorchScript.load(owner, "Head");
        optimizer = TorchScript.load(owner, "Optimizer");
        hostNf4 = new HostNf4(owner);
    }

    @Override
    public NDArray embedding(NDManager scope, NDArray table, NDArray ids, double scale, Precision stream) {
        return head.one(scope, "embedding", table, ids, scale, stream.scalarType());
    }

    @Override
    public void embeddingBackward(NDArray gradient, NDArray ids, NDArray dy, double scale) {
        head.one(gradient.getManager(), "embedding_backward", gradient, ids, dy, scale)
                .close();
    }

    @Override
    public NDArray rmsNorm(NDManager scope, NDArray x, NormWeight weight) {
        return norm.one(
                scope,
                "forward",
                x,
                weight.weight(),
                weight.epsilon(),
                offset(weight),
                weight.output().scalarType());
    }

    @Override
    public NDArray rmsNormBackward(
            NDManager scope, NDArray x, NormWeight weight, NDArray dy, Optional<NDArray> around) {
        List<NDArray> past = around.map(List::of).orElse(List.of());
        return norm.one(scope, "backward", x, weight.weight(), weight.epsilon(), offset(weight), dy, past);
    }

    private static boolean offset(NormWeight weight) {
        return weight.scale() == NormWeight.Scale.ONE_PLUS_WEIGHT;
    }

    @Override
    public List<NDArray> project(NDManager scope, NDArray x, List<Linear> linears, Dropout dropout) {
        List<NDArray> results = new ArrayList<>();
        for (int i = 0; i < linears.size(); i++) {
            Linear layer = linears.get(i);
            Dropout own = dropout.part(i);
            try (NDManager weights = scope.newSubManager()) {
                results.add(linear.one(
                        scope,
                        "forward",
                        x,
                        frozen(weights, layer, layer.compute()),
                        tables(layer.weight()),
                        layer.weight().rows(),
                        layer.weight().columns(),
                        source(layer).scalarType(),
                        layer.compute().scalarType(),
                        layer.bias().map(List::of).orElse(List.of()),
                        layer.lora().map(LoraFactors::factors).orElse(List.of()),
                        scaling(layer),
                        own.probability(),
                        own.seed()));
            }
        }
        return results;
    }

    @Override
    public NDArray projectBackward(
            NDManager scope, Optional<NDArray> x, List<Linear> linears, Dropout dropout, List<NDArray> dys) {
        List<NDArray> dx = List.of();
        // the last layer first, as autograd goes back
        for (int i = linears.size() - 1; i >= 0; i--) {
            Linear layer = linears.get(i);
            Dropout own = dropout.part(i);
            try (NDManager weights = scope.newSubManager()) {
                NDArray sum = linear.one(
                        scope,
                        "backward",
                        x.orElse(dys.get(i)),
                        frozen(weights, layer, source(layer)),
                        tables(layer.weight()),
                        layer.weight().rows(),
                        layer.weight().columns(),
                        (isReadDense(layer) ? layer.compute() : source(layer)).scalarType(),
                        layer.compute().scalarType(),
                        layer.bias().map(List::of).orElse(List.of()),
                        layer.biasGradient().map(List::of).orElse(List.of()),
                        layer.lora().map(LoraFactors::factorsAndGradients).orElse(List.of()),
                        scaling(layer),
                        own.probability(),
                        own.seed(),
                        dys.get(i),
                        dx);
                dx = List.of(sum);
            }
        }
        return dx.get(0);
    }

    @Override
    public NDArray rowNorms(NDManager scope, Linear layer) {
        return linear.one(
                scope,
                "row_norms",
                storage(layer.weight()),
                tables(layer.weight()),
                layer.weight().rows(),
                layer.weight().columns(),
                source(layer).scalarType(),
                layer.lora().orElseThrow().factors(),
                scaling(layer));
    }

    /** A layer's weight as a script takes it that reads it rounded to {@code use}. */
    private List<NDArray> frozen(NDManager scope, Linear layer, Precision use) {
        return isReadDense(layer)
                ? List.of(hostNf4.dense(scope, (Weight.Nf4) layer.weight(), use, layer.compute()))
                : storage(layer.weight());
    }

    /** Whether scripts get the matrix. DoRA reads it rounded in two ways; where these differ, a script dequantizes. */
    private static boolean isReadDense(Linear layer) {
        boolean once = source(layer) == layer.compute()
                || layer.lora().flatMap(LoraFactors::magnitude).isEmpty();
        return once && layer.weight() instanceof Weight.Nf4 nf4 && HostNf4.holds(nf4);
    }

    private static List<NDArray> storage(Weight weight) {
        return weight instanceof Weight.Nf4 nf4 ? nf4.storage() : List.of(((Weight.Dense) weight).matrix());
    }

    private static List<NDArray> tables(Weight weight) {
        return weight instanceof Weight.Nf4 nf4 ? nf4.tables().arrays() : List.of();
    }

    private static Precision source(Linear layer) {
        return layer.weight() instanceof Weight.Nf4 nf4 ? nf4.source() : layer.compute();
    }

    private static double scaling(Linear layer) {
        return layer.lora().map(LoraFactors::scaling).orElse(0.0);
    }

    @Override
    public NDArray rotaryFrequencies(NDManager scope, double theta, int headDimension) {
        return rope.one(scope, "frequencies", theta, headDimension);
    }

    @Override
    public Rotary rotary(NDManager scope, NDArray frequencies, int length, double scale, Precision type) {
        NDList tables = rope.call(scope, "tables", frequencies, length, scale, type.scalarType());
        return new Rotary(tables.get(0), tables.get(1));
    }

    @Override
    public Rotary rotaryAt(NDManager scope, Rotary table, NDArray positions) {
        return new Rotary(rope.one(scope, "at", table.cos(), positions), rope.one(scope, "at", table.sin(), positions));
    }

    @Override
    public NDArray rope(NDManager scope, NDArray x, Rotary rotary) {
        return rope.one(scope, "forward", x, rotary.cos(), rotary.sin());
    }

    @Override
    public NDArray ropeBackward(NDManager scope, NDArray dy, Rotary rotary) {
        return rope.one(scope, "backward", dy, rotary.cos(), rotary.sin());
    }

    @Override
    public Attended attention(NDManager scope, NDArray q, NDArray k, NDArray v, AttentionRule rule) {
        if (leavesScoresWide(q, rule)) {
            NDList made = hostAttention.call(scope, "forward", q, k, v, rule.masks(), rule.scale());
            return new Attended(made.get(0), List.of(made.get(1)));
        }
        NDArray output = attention.one(
                scope,
                "forward",
                q,
                k,
                v,
                rule.masks(),
                rule.scale(),
                rule.softcap(),
                rule.scores().scalarType(),
                AtOnce.on(q).elements());
        return new Attended(output, List.of());
    }

    /** Whether scores of half types are not to be rounded; a product gives them in the type of its factors. */
    private static boolean leavesScoresWide(NDArray q, AttentionRule rule) {
        return rule.scores() == Precision.FLOAT32
                && q.getDataType() != DataType.FLOAT32
                && !q.getDevice().isGpu();
    }

    @Override
    public List<NDArray> attentionBackward(
            NDManager scope, NDArray q, NDArray k, NDArray v, AttentionRule rule, Attended attended, NDArray dOutput) {
        if (leavesScoresWide(q, rule)) {
            NDArray sums = attended.statistics().get(0);
            return hostAttention.call(
                    scope, "backward", q, k, v, rule.masks(), rule.scale(), attended.output(), sums, dOutput);
        }
        return attention.call(
                scope,
                "backward",
                q,
                k,
                v,
                rule.masks(),
                rule.scale(),
                rule.softcap(),
                rule.scores().scalarType(),
                AtOnce.on(q).elements(),
                attended.output(),
                dOutput);
    }

    @Override
    public NDArray slidingWindow(NDManager scope, int length, int window, NDArray like) {
        return attention.one(scope, "window", length, window, like);
    }

    @Override
    public NDArray gate(NDManager scope, NDArray gateInput, NDArray up, Activation activation) {
        long rows = AtOnce.on(up).rows(up.getShape().get(1));
        return gate.one(scope, "forward", gateInput, up, activation.linear(), activation.cubic(), rows);
    }

    @Override
    public List<NDArray> gateBackward(
            NDManager scope, NDArray gateInput, NDArray up, Activation activation, NDArray dy) {
        long rows = AtOnce.on(up).rows(up.getShape().get(1));
        return gate.call(scope, "backward", gateInput, up, activation.linear(), activation.cubic(), rows, dy);
    }

    @Override
    public NDArray add(NDManager scope, NDArray a, NDArray b) {
        return norm.one(scope, "add", a, b);
    }

    @Override
    public TokenLoss loss(NDManager scope, NDArray h, HeadWeight weight, NDArray labels) {
        return new TokenLoss(loss(scope, h, weight, labels, 0, List.of()).get(0), null);
    }

    @Override
    public TokenLoss lossAndGradient(NDManager scope, NDArray h, HeadWeight weight, NDArray labels, double scale) {
        List<NDArray> trained = weight.gradient().map(List::of).orElse(List.of());
        NDList result = loss(scope, h, weight, labels, scale, trained);
        return new TokenLoss(result.get(0), result.get(1));
    }

    private NDList loss(
            NDManager scope, NDArray h, HeadWeight weight, NDArray labels, double scale, List<NDArray> trained) {
        AtOnce atOnce = AtOnce.on(h);
        long vocabulary = weight.matrix().getShape().get(0);
        return head.call(
                scope,
                "loss",
                h,
                weight.matrix(),
                labels,
                weight.softcap(),
                weight.smoothing(),
                atOnce.rowsOfLogits(vocabulary),
                atOnce.rows(vocabulary),
                scale,
                trained);
    }

    @Override
    public NDArray logits(NDManager scope, NDArray h, HeadWeight weight) {
        return head.one(scope, "logits", h, weight.matrix(), weight.softcap());
    }

    @Override
    public void adamw(
            NDArray parameters, NDArray gradients, NDArray firstMoment, NDArray secondMoment, AdamW settings) {
        optimizer
                .one(
                        parameters.getManager(),
                        "adamw",
                        parameters,
                        gradients,
                        firstMoment,
                        secondMoment,
                        settings.gradientScale(),
                        settings.learningRate(),
                        settings.weightDecay(),
                        settings.step(),
                        AdamW.BETA1,
                        AdamW.BETA2,
                        AdamW.EPSILON)
                .close();
    }

    @Override
    public double norm(NDArray x) {
        try (NDArray result = optimizer.one(x.getManager(), "norm", x)) {
            return result.toDoubleArray()[0];
        }
    }
}
