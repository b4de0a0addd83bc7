package dev.socratic.trainer.cuda;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import dev.socratic.trainer.engine.Attended;
import dev.socratic.trainer.engine.AttentionRule;
import dev.socratic.trainer.engine.TorchScript;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Attention without a soft cap, by libtorch: cuDNN's kernels where they know the heads, as they are
 * the faster ones, and FlashAttention 2 otherwise.
 */
final class FusedAttention implements ScorelessAttention {
    private static final int MOST_WIDTH = 256;
    private static final int WIDTH_STEP = 8;
    private static final int UNBOUNDED = -1;
    private static final int PROBE_LENGTH = 64;

    /** What decides whether cuDNN knows how. */
    private record Heads(long query, long keyValue, long width) {}

    private final Gpu gpu;
    private final NDManager owner;
    private final TorchScript flash;
    private final TorchScript cudnn;
    private final NDArray undefined;
    private final Map<Heads, Boolean> known = new HashMap<>();

    FusedAttention(Gpu gpu, NDManager owner) {
        this.gpu = gpu;
        this.owner = owner;
        this.flash = TorchScript.load(owner, FusedAttention.class, "FlashAttention");
        this.cudnn = TorchScript.load(owner, FusedAttention.class, "CudnnAttention");
        this.undefined = LibTorch.array(owner, gpu.torch().undefined());
    }

    @Override
    public boolean suits(NDArray q, NDArray k, NDArray v, AttentionRule rule) {
        long width = q.getShape().get(3);
        return gpu.knowsAttention()
                && gpu.isCompute(q)
                && gpu.isCompute(k)
                && gpu.isCompute(v)
                && rule.softcap() == 0
                && (rule.mask().isEmpty() || rule.window() > 0)
                && q.getShape().get(1) == k.getShape().get(1)
                && width <= MOST_WIDTH
                && width % WIDTH_STEP == 0;
    }

    @Override
    public Attended forward(NDManager scope, NDArray q, NDArray k, NDArray v, AttentionRule rule) {
        NDList result = byCudnn(q, k, rule)
                ? cudnn.call(scope, "forward", q, k, v, rule.scale())
                : flash.call(scope, "forward", q, k, v, rule.scale(), before(rule));
        return new Attended(result.get(0), List.of(result.get(1), result.get(2), result.get(3)));
    }

    @Override
    public List<NDArray> backward(
            NDManager scope, NDArray q, NDArray k, NDArray v, AttentionRule rule, Attended attended, NDArray dOutput) {
        boolean byCudnn = byCudnn(q, k, rule);
        List<Object> arguments = new ArrayList<>(List.of(dOutput, q, k, v, attended.output()));
        arguments.addAll(attended.statistics());
        arguments.add(undefined);
        arguments.add(rule.scale());
        if (!byCudnn) {
            arguments.add(before(rule));
        }
        return (byCudnn ? cudnn : flash).call(scope, "backward", arguments.toArray());
    }

    private boolean byCudnn(NDArray q, NDArray k, AttentionRule rule) {
        return rule.window() == 0
                && known.computeIfAbsent(
                        new Heads(
                                q.getShape().get(2),
                                k.getShape().get(2),
                                q.getShape().get(3)),
                        this::tried);
    }

    /** Whether cuDNN goes forward and back through a text of a few tokens. */
    private boolean tried(Heads heads) {
        try (NDManager scope = owner.newSubManager()) {
            NDArray q = gpu.empty(scope, gpu.compute(), 1, PROBE_LENGTH, heads.query, heads.width);
            NDArray k = gpu.empty(scope, gpu.compute(), 1, PROBE_LENGTH, heads.keyValue, heads.width);
            NDList result = cudnn.call(scope, "forward", q, k, k, 1.0);
            Object[] arguments = {q, q, k, k, result.get(0), result.get(1), result.get(2), result.get(3), undefined, 1.0
            };
            NDList gradients = cudnn.call(scope, "backward", arguments);
            return gradients.get(1).getShape().equals(k.getShape());
        } catch (EngineException unsupported) {
            return false;
        }
    }

    /** Keys before its own that a query sees. */
    private static int before(AttentionRule rule) {
        return rule.window() > 0 ? rule.window() - 1 : UNBOUNDED;
    }
}
