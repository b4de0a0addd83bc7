package dev.socratic.trainer.cuda;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.socratic.trainer.engine.Activation;
import dev.socratic.trainer.engine.AdamW;
import dev.socratic.trainer.engine.Attended;
import dev.socratic.trainer.engine.AttentionRule;
import dev.socratic.trainer.engine.DeviceBudget;
import dev.socratic.trainer.engine.Dropout;
import dev.socratic.trainer.engine.HeadWeight;
import dev.socratic.trainer.engine.Intake;
import dev.socratic.trainer.engine.Linear;
import dev.socratic.trainer.engine.NormWeight;
import dev.socratic.trainer.engine.Ops;
import dev.socratic.trainer.engine.Precision;
import dev.socratic.trainer.engine.RefusedMemory;
import dev.socratic.trainer.engine.Rotary;
import dev.socratic.trainer.engine.TokenLoss;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The operations on GPUs by kernels of our own, cuBLAS and libtorch's attention where scores have no soft cap. Shapes, types and devices that these do
 * not cover go to the plain operations.
 */
final class CudaOps implements Ops {
    private final Ops plain;
    private final NDManager owner;
    private final Optional<AllocatorLimit> limit;
    private final Map<Device, DeviceOps> devices = new HashMap<>();

    /** The kernels of one device and what it may spend. */
    private static final class DeviceOps {
        private final Gpu gpu;
        private final RowKernels rows;
        private final FrozenWeights weights;
        private final LinearKernels linear;
        private final GateKernels gate;
        private final HeadKernels head;
        private final FusedAttention fused;
        private final CappedAttention capped;
        private long logitsAtOnce = DeviceBudget.SMALL.logitsAtOnce();

        DeviceOps(Gpu gpu, NDManager owner) {
            this.gpu = gpu;
            this.rows = new RowKernels(gpu);
            this.weights = new FrozenWeights(gpu, owner);
            this.linear = new LinearKernels(gpu, weights);
            this.gate = new GateKernels(gpu);
            this.head = new HeadKernels(gpu);
            this.fused = new FusedAttention(gpu, owner);
            this.capped = new CappedAttention(gpu);
        }

        private ScorelessAttention attention(AttentionRule rule) {
            return rule.softcap() > 0 ? capped : fused;
        }
    }

    CudaOps(Ops plain, NDManager owner, Map<Device, Gpu> gpus, Optional<AllocatorLimit> limit) {
        this.plain = plain;
        this.owner = owner;
        this.limit = limit;
        gpus.forEach((device, gpu) -> devices.put(device, new DeviceOps(gpu, owner)));
    }

    private Optional<DeviceOps> on(NDArray x) {
        DeviceOps device = devices.get(x.getDevice());
        if (device == null) {
            return Optional.empty();
        }
        device.gpu.use();
        return Optional.of(device);
    }

    @Override
    public void budget(Device device, DeviceBudget budget) {
        DeviceOps own = devices.get(device);
        if (own != null) {
            own.weights.spare(budget.dequantizedBytes());
            own.logitsAtOnce = budget.logitsAtOnce();
            limit.ifPresent(each -> each.limit(device.getDeviceId(), budget.allocatedBytes()));
        }
    }

    @Override
    public Optional<RefusedMemory> refused() {
        return limit.flatMap(AllocatorLimit::refused);
    }

    @Override
    public Optional<Intake> intake(Device device) {
        return Optional.ofNullable(devices.get(device)).map(own -> new StreamedIntake(own.gpu, owner));
    }

    @Override
    public NDArray embedding(NDManager scope, NDArray table, NDArray ids, double scale, Precision stream) {
        return plain.embedding(scope, table, ids, scale, stream);
    }

    @Override
    public void embeddingBackward(NDArray gradient, NDArray ids, NDArray dy, double scale) {
        plain.embeddingBackward(gradient, ids, dy, scale);
    }

    @Override
    public NDArray rmsNorm(NDManager scope, NDArray x, NormWeight norm) {
        return on(x).flatMap(gpu -> gpu.rows.norm(scope, x, norm)).orElseGet(() -> plain.rmsNorm(scope, x, norm));
    }

    @Override
    public NDArray rmsNormBackward(NDManager scope, NDArray x, NormWeight norm, NDArray dy, Optional<NDArray> around) {
        return on(x).flatMap(gpu -> gpu.rows.normBackward(scope, x, norm, dy, around))
                .orElseGet(() -> plain.rmsNormBackward(scope, x, norm, dy, around));
    }

    @Override
    public NDArray residual(NDManager scope, NDArray x, NDArray branch, Optional<NormWeight> norm) {
        return on(x).flatMap(gpu -> gpu.rows.residual(scope, x, branch, norm))
                .orElseGet(() -> plain.residual(scope, x, branch, norm));
    }

    @Override
    public List<NDArray> project(NDManager scope, NDArray x, List<Linear> linears, Dropout dropout) {
        return on(x).flatMap(gpu -> gpu.linear.project(scope, x, linears, dropout))
                .orElseGet(() -> plain.project(scope, x, linears, dropout));
    }

    @Override
    public NDArray projectBackward(
            NDManager scope, Optional<NDArray> x, List<Linear> linears, Dropout dropout, List<NDArray> dys) {
        return on(dys.get(0))
                .flatMap(gpu -> gpu.linear.backward(scope, x, linears, dropout, dys))
                .orElseGet(() -> plain.projectBackward(scope, x, linears, dropout, dys));
    }

    @Override
    public NDArray rowNorms(NDManager scope, Linear linear) {
        return plain.rowNorms(scope, linear);
    }

    @Override
    public NDArray rotaryFrequencies(NDManager scope, double theta, int headDimension) {
        return plain.rotaryFrequencies(scope, theta, headDimension);
    }

    @Override
    public Rotary rotary(NDManager scope, NDArray frequencies, int length, double scale, Precision type) {
        return plain.rotary(scope, frequencies, length, scale, type);
    }

    @Override
    public Rotary rotaryAt(NDManager scope, Rotary table, NDArray positions) {
        return plain.rotaryAt(scope, table, positions);
    }

    @Override
    public NDArray rope(NDManager scope, NDArray x, Rotary rotary) {
        return on(x).flatMap(gpu -> gpu.rows.rope(scope, x, rotary, 1)).orElseGet(() -> plain.rope(scope, x, rotary));
    }

    @Override
    public NDArray ropeBackward(NDManager scope, NDArray dy, Rotary rotary) {
        return on(dy).flatMap(gpu -> gpu.rows.rope(scope, dy, rotary, -1))
                .orElseGet(() -> plain.ropeBackward(scope, dy, rotary));
    }

    @Override
    public Attended attention(NDManager scope, NDArray q, NDArray k, NDArray v, AttentionRule rule) {
        return on(q).filter(gpu -> gpu.attention(rule).suits(q, k, v, rule))
                .map(gpu -> gpu.attention(rule).forward(scope, q, k, v, rule))
                .orElseGet(() -> plain.attention(scope, q, k, v, rule));
    }

    @Override
    public List<NDArray> attentionBackward(
            NDManager scope, NDArray q, NDArray k, NDArray v, AttentionRule rule, Attended attended, NDArray dOutput) {
        return on(q).filter(gpu -> !attended.statistics().isEmpty())
                .map(gpu -> gpu.attention(rule).backward(scope, q, k, v, rule, attended, dOutput))
                .orElseGet(() -> plain.attentionBackward(scope, q, k, v, rule, attended, dOutput));
    }

    @Override
    public NDArray slidingWindow(NDManager scope, int length, int window, NDArray like) {
        return plain.slidingWindow(scope, length, window, like);
    }

    @Override
    public NDArray gate(NDManager scope, NDArray gate, NDArray up, Activation activation) {
        return on(gate).flatMap(gpu -> gpu.gate.forward(scope, gate, up, activation))
                .orElseGet(() -> plain.gate(scope, gate, up, activation));
    }

    @Override
    public List<NDArray> gateBackward(NDManager scope, NDArray gate, NDArray up, Activation activation, NDArray dy) {
        return on(gate).flatMap(gpu -> gpu.gate.backward(scope, gate, up, activation, dy))
                .orElseGet(() -> plain.gateBackward(scope, gate, up, activation, dy));
    }

    @Override
    public NDArray add(NDManager scope, NDArray a, NDArray b) {
        return plain.add(scope, a, b);
    }

    @Override
    public TokenLoss loss(NDManager scope, NDArray h, HeadWeight head, NDArray labels) {
        return on(h).flatMap(gpu -> gpu.head.loss(scope, h, head, labels, 0, gpu.logitsAtOnce))
                .orElseGet(() -> plain.loss(scope, h, head, labels));
    }

    @Override
    public TokenLoss lossAndGradient(NDManager scope, NDArray h, HeadWeight head, NDArray labels, double scale) {
        return on(h).filter(gpu -> head.gradient().isEmpty())
                .flatMap(gpu -> gpu.head.loss(scope, h, head, labels, scale, gpu.logitsAtOnce))
                .orElseGet(() -> plain.lossAndGradient(scope, h, head, labels, scale));
    }

    @Override
    public NDArray logits(NDManager scope, NDArray h, HeadWeight head) {
        return plain.logits(scope, h, head);
    }

    @Override
    public void adamw(
            NDArray parameters, NDArray gradients, NDArray firstMoment, NDArray secondMoment, AdamW settings) {
        on(parameters)
                .ifPresentOrElse(
                        gpu -> gpu.head.adamw(parameters, gradients, firstMoment, secondMoment, settings),
                        () -> plain.adamw(parameters, gradients, firstMoment, secondMoment, settings));
    }

    @Override
    public double norm(NDArray x) {
        return plain.norm(x);
    }
}
