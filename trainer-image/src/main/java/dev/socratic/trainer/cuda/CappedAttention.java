package dev.socratic.trainer.cuda;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.socratic.trainer.cuda.Gpu.Scratch;
import dev.socratic.trainer.engine.Attended;
import dev.socratic.trainer.engine.AttentionRule;
import dev.socratic.trainer.engine.Precision;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Attention with a soft cap: the kernels of {@code attention.cu}, compiled when heads of a width first come. */
final class CappedAttention implements ScorelessAttention {
    private static final List<String> SOURCES = List.of("scalars.cuh", "tensorcores.cuh", "attention.cu");
    private static final int MOST_WIDTH = 256;
    private static final int WIDTH_STEP = 16;
    /** Elements that are loaded at once. */
    private static final int AT_ONCE = 8;
    /** Queries or keys of a block, which has four warps. */
    private static final int ROWS = 64;

    private static final int THREADS = 128;
    private static final int WARPS = THREADS / 32;
    private static final int FORWARD_COLUMNS = 64;
    /** Up to this width a backward pass has tiles as large as a forward pass, beyond it half of that. */
    private static final int NARROW = 128;

    private final Gpu gpu;
    private final Map<Integer, CudaModule> modules = new HashMap<>();

    CappedAttention(Gpu gpu) {
        this.gpu = gpu;
    }

    @Override
    public boolean suits(NDArray q, NDArray k, NDArray v, AttentionRule rule) {
        long width = q.getShape().get(3);
        return gpu.knowsAttention()
                && rule.softcap() > 0
                && (rule.mask().isEmpty() || rule.window() > 0)
                && q.getShape().get(1) == k.getShape().get(1)
                && width <= MOST_WIDTH
                && width % WIDTH_STEP == 0
                && List.of(q, k, v).stream().allMatch(this::suits);
    }

    private boolean suits(NDArray x) {
        long stride = gpu.tokenStride(x);
        return gpu.isCompute(x)
                && stride > 0
                && stride % AT_ONCE == 0
                && stride * x.getShape().get(1) <= Integer.MAX_VALUE
                && gpu.address(x) % (AT_ONCE * gpu.compute().bytes()) == 0;
    }

    /** The sizes that a launch follows from. */
    private record Heads(int batch, int length, int query, int keyValue, int width) {
        static Heads of(NDArray q, NDArray k) {
            return new Heads(
                    (int) q.getShape().get(0),
                    (int) q.getShape().get(1),
                    (int) q.getShape().get(2),
                    (int) k.getShape().get(2),
                    (int) q.getShape().get(3));
        }

        int queries() {
            return batch * length * query;
        }

        int blocks() {
            return (length + ROWS - 1) / ROWS;
        }

        int backwardColumns() {
            return width <= NARROW ? FORWARD_COLUMNS : FORWARD_COLUMNS / 2;
        }

        /** Bytes of tiles in shared memory, whose rows are eight elements apart from each other. */
        int tiles(int rows) {
            return rows * (width + AT_ONCE) * Short.BYTES;
        }
    }

    private CudaModule module(Heads heads) {
        return modules.computeIfAbsent(
                heads.width, width -> gpu.module(SOURCES, "-DWIDTH=" + width, "-DCOLUMNS=" + heads.backwardColumns()));
    }

    private Launch put(Launch launch, NDArray... arrays) {
        for (NDArray x : arrays) {
            launch.pointer(gpu.address(x)).integer((int) gpu.tokenStride(x));
        }
        return launch;
    }

    private static Launch put(Launch launch, Heads heads, AttentionRule rule) {
        return launch.integer(heads.length)
                .integer(heads.query)
                .integer(heads.query / heads.keyValue)
                .integer(rule.window() > 0 ? rule.window() : heads.length)
                .real(rule.scale())
                .real(rule.softcap());
    }

    @Override
    public Attended forward(NDManager scope, NDArray q, NDArray k, NDArray v, AttentionRule rule) {
        Heads heads = Heads.of(q, k);
        NDArray output = gpu.empty(scope, gpu.compute(), q.getShape().getShape());
        NDArray sums = gpu.empty(scope, Precision.FLOAT32, heads.batch, heads.query, heads.length);
        Launch launch = gpu.kernel(module(heads), "attention_forward", heads.tiles(ROWS + 2 * FORWARD_COLUMNS));
        put(launch, q, k, v).pointer(gpu.address(output)).pointer(gpu.address(sums));
        put(launch, heads, rule).over((long) heads.batch * heads.query, heads.blocks(), THREADS);
        return new Attended(output, List.of(sums));
    }

    @Override
    public List<NDArray> backward(
            NDManager scope, NDArray q, NDArray k, NDArray v, AttentionRule rule, Attended attended, NDArray dOutput) {
        Heads heads = Heads.of(q, k);
        CudaModule module = module(heads);
        int tiles = heads.tiles(2 * ROWS + 2 * heads.backwardColumns());
        long sums = gpu.address(attended.statistics().get(0));
        NDArray dq = gpu.empty(scope, gpu.compute(), q.getShape().getShape());
        NDArray dk = gpu.empty(scope, gpu.compute(), k.getShape().getShape());
        NDArray dv = gpu.empty(scope, gpu.compute(), v.getShape().getShape());
        try (Scratch shares = gpu.scratch(Precision.FLOAT32, heads.queries())) {
            Launch ofShares = gpu.kernel(module, "attention_shares", 0).pointer(gpu.address(attended.output()));
            put(ofShares, dOutput).pointer(shares.address()).integer(heads.queries());
            put(ofShares, heads, rule).over((heads.queries() + WARPS - 1) / WARPS, 1, THREADS);

            Launch ofQueries = put(gpu.kernel(module, "attention_queries", tiles), q, k, v, dOutput)
                    .pointer(sums)
                    .pointer(shares.address())
                    .pointer(gpu.address(dq));
            put(ofQueries, heads, rule).over((long) heads.batch * heads.query, heads.blocks(), THREADS);

            Launch ofKeys = put(gpu.kernel(module, "attention_keys", tiles), q, k, v, dOutput)
                    .pointer(sums)
                    .pointer(shares.address())
                    .pointer(gpu.address(dk))
                    .pointer(gpu.address(dv));
            put(ofKeys, heads, rule).over(2L * heads.batch * heads.keyValue, heads.blocks(), THREADS);
        }
        return List.of(dq, dk, dv);
    }
}
