package dev.socratic.trainer.placement;

import dev.socratic.api.v1alpha1.spec.Attention;
import dev.socratic.api.v1alpha1.spec.Dtype;
import dev.socratic.api.v1alpha1.spec.Optimizer;
import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/** Counts the bytes of a run on one device, from the arrays that the engine's forward and backward passes make. */
record MemoryEstimate(ModelShape shape, SocraticFineTuneSpec spec, Kernels kernels) {
    private static final int BLOCK = 64;
    private static final int NESTED_BLOCK = 256;
    /** Parameter, gradient and two Adam moments in float32. */
    private static final int TRAINED_BYTES = 16;
    /** The same with moments of 8 bits and a share in their scales. */
    private static final int TRAINED_BYTES_8BIT = 11;
    /** Parameter and gradient. */
    private static final int REPLICA_BYTES = 8;
    /** An attention score in the backward pass: itself, its probability and its gradient in float32, and copies in 16 bits. */
    private static final int SCORE_BYTES = 20;
    /** Dequantization of an element: int32 index of a packed pair, float32 value and product, rounded value. */
    private static final int DEQUANTIZED_BYTES = 12;
    /** Norms of an element's row: the adapter's share, the sum with the weight, both in float32. */
    private static final int DORA_BYTES = 12;
    /** A linear layer's own arrays: its input dropped out and cast, its output before it is cast back. */
    private static final int LINEAR_ARRAYS = 3;
    /** Logits that the head computes at once, in float32, and how many such arrays a chunk has. */
    private static final long LOGITS_AT_ONCE = 1L << 26;

    private static final int LOGIT_ARRAYS = 4;
    /** Rows of the output embedding that are cast at once. */
    private static final int HEAD_SLICE = 16_384;
    /** CUDA context, kernels, and the workspaces of cuBLAS and cuDNN, as measured on an H200. */
    private static final long GPU_CONTEXT = 780L << 20;
    /** Gaps that the allocator leaves between arrays, measured too: a part in forty of them. */
    private static final int GAP_SHARE = 40;

    /**
     * What a device needs: where several micro-batches are on their way, a section keeps what each of them left there.
     *
     * @param cap most that may be used, or null
     */
    RunPlan.Device device(String id, Candidate candidate, Long cap) {
        Tactic tactic = candidate.tactic();
        DeviceMap map = candidate.spread().mapOf(id);
        boolean own = !id.equals("cpu") && ownKernels();
        long layers = map.layers().stream().filter(id::equals).count();
        boolean head = map.head().equals(id);
        boolean embedding = map.embedding().equals(id);
        long tables = embedding && head && shape.head() == ModelShape.Head.OWN ? 2 : embedding || head ? 1 : 0;
        long dtype = bytes(spec.model().dtype());
        long weights = layers * (linearBytes() + shape.vectorElements() * dtype)
                + tables * shape.embeddingElements() * dtype
                + (map.norm().equals(id) ? shape.hiddenSize() * dtype : 0);
        long tokens = (long) tactic.rows() * spec.training().maxSequenceLength();
        KernelMemory memory = new KernelMemory(shape, spec, stream());
        Activations activations =
                activations(id, candidate, own ? memory.blockBytes(tokens) : blockBytes(tactic.rows(), tokens));
        long block = layers == 0
                ? 0
                : own
                        ? kernelWorkspace(memory, tokens, activations.workspace)
                        : blockWorkspace(tactic.rows(), tokens, activations.workspace);
        long last = !head ? 0 : own ? memory.headBytes(tokens, tactic.logitsAtOnce()) : headWorkspace(tokens);
        long most = Math.max(block + (own ? packedScores(tactic.rows()) : 0), last);
        boolean dequantizes = own && quantized() && layers > 0 && tactic.weights() == Tactic.Weights.EACH_TIME;
        long room = dequantizes ? memory.dequantizedAtOnce() : 0;
        return new RunPlan.Device(
                id,
                contents(id, map),
                cap,
                weights,
                adapterBytes(id, candidate.spread(), map),
                activations.kept,
                most + room + (own ? (weights + activations.kept + most) / GAP_SHARE : 0),
                id.equals("cpu") ? 0 : GPU_CONTEXT,
                own && quantized() && tactic.weights() == Tactic.Weights.KEPT ? layers * memory.dequantizedBlock() : 0,
                tactic.logitsAtOnce());
    }

    /**
     * What forward passes leave on a device.
     *
     * @param workspace ALL if nothing is computed again
     */
    private record Activations(long kept, SavedActivations workspace) {}

    private Activations activations(String id, Candidate candidate, long wholeBlock) {
        Tactic tactic = candidate.tactic();
        long tokens = (long) tactic.rows() * spec.training().maxSequenceLength();
        long input = tokens * shape.hiddenSize() * stream();
        List<Section> sections = Section.of(candidate.spread().mapOf(id));
        long kept = 0;
        boolean again = false;
        for (int i = 0; i < sections.size(); i++) {
            Section section = sections.get(i);
            if (section.device().equals(id)) {
                long whole = candidate.kept(section);
                long handedOn = sections.size() > 1 ? input : 0;
                long each =
                        whole * wholeBlock + (section.blocks() - whole) * input + handedOn + packedMasks(tactic.rows());
                kept += PipelineSchedule.alive(i, sections.size(), tactic.inFlight()) * each;
                again |= whole < section.blocks();
            }
        }
        return new Activations(kept, again ? SavedActivations.INPUTS : SavedActivations.ALL);
    }

    /** Masks of texts that share a row, of full and of sliding attention, a byte an element. */
    private long packedMasks(int rows) {
        long length = spec.training().maxSequenceLength();
        return spec.dataset().packing() ? 2 * rows * length * length : 0;
    }

    /** Attention under such a mask writes its scores out. */
    private long packedScores(int rows) {
        long length = spec.training().maxSequenceLength();
        return spec.dataset().packing() ? rows * shape.heads() * length * length * SCORE_BYTES : 0;
    }

    /** A replica has no optimizer; the first device has room for the gradients of one that is added to its own. */
    private long adapterBytes(String id, Spread spread, DeviceMap map) {
        long elements = adapterElements(id::equals, map)
                + (trains("embed_tokens") && map.embedding().equals(id) ? shape.embeddingElements() : 0)
                + (trains("lm_head") && map.head().equals(id) ? shape.embeddingElements() : 0);
        if (spread.replicas().contains(id)) {
            return elements * REPLICA_BYTES;
        }
        long trained = spec.training().optimizer() == Optimizer.ADAMW8BIT ? TRAINED_BYTES_8BIT : TRAINED_BYTES;
        return elements * (trained + (spread.replicas().isEmpty() ? 0 : Float.BYTES));
    }

    private boolean quantized() {
        return spec.quantization() != null;
    }

    /**
     * Whether a GPU computes with kernels of our own: they know 16-bit types and attention without scores, with a soft cap
     * for heads of some widths.
     */
    boolean ownKernels() {
        Dtype compute =
                quantized() ? spec.quantization().computeDtype() : spec.model().dtype();
        return kernels == Kernels.OURS
                && compute != Dtype.FLOAT32
                && (spec.model().attention() != Attention.EAGER || KernelMemory.capsScoresOf(shape.headDimension()))
                && !spec.lora().useDora();
    }

    private long kernelWorkspace(KernelMemory memory, long tokens, SavedActivations saved) {
        return saved == SavedActivations.ALL
                ? memory.gradientBytes(tokens)
                : memory.blockBytes(tokens) + memory.gradientBytesBesideAll(tokens);
    }

    RunPlan.Parameters parameters() {
        long blocks = IntStream.range(0, shape.layers())
                .mapToLong(layer -> shape.adapterElements(layer, spec.lora()))
                .sum();
        long trainable = blocks + spec.lora().modulesToSave().size() * shape.embeddingElements();
        return new RunPlan.Parameters(trainable, shape.elements() + trainable);
    }

    private long adapterElements(Predicate<String> device, DeviceMap map) {
        return IntStream.range(0, map.layers().size())
                .filter(layer -> device.test(map.layers().get(layer)))
                .mapToLong(layer -> shape.adapterElements(layer, spec.lora()))
                .sum();
    }

    private boolean trains(String embedding) {
        return spec.lora().modulesToSave().stream().anyMatch(name -> name.endsWith(embedding));
    }

    private long linearBytes() {
        long elements = shape.linearElements();
        if (spec.quantization() == null) {
            return elements * bytes(spec.model().dtype());
        }
        long blocks = elements / BLOCK;
        return elements / 2 + (spec.quantization().doubleQuant() ? blocks + blocks / NESTED_BLOCK * 4 : blocks * 4);
    }

    /** What the backward pass of a block reads: the arrays of a forward pass over its normed input. */
    private long blockBytes(int rows, long tokens) {
        long perToken = 6L * shape.hiddenSize()
                + 3L * shape.queryWidth()
                + 2L * shape.keyValueWidth()
                + 3L * shape.intermediateSize();
        return (tokens * perToken + scores(rows)) * stream();
    }

    /** A block's backward pass: its gradients, what is computed again, and the largest linear layer's weight. */
    private long blockWorkspace(int rows, long tokens, SavedActivations saved) {
        long gradients = 6L * shape.hiddenSize()
                + 3L * shape.queryWidth()
                + 4L * shape.keyValueWidth()
                + 3L * shape.intermediateSize()
                + (long) LINEAR_ARRAYS * Math.max(shape.intermediateSize(), shape.queryWidth());
        long again = saved == SavedActivations.ALL ? 0 : blockBytes(rows, tokens);
        long largest = (long) shape.hiddenSize() * Math.max(shape.intermediateSize(), shape.queryWidth());
        long weight = (spec.quantization() == null ? 0 : largest * DEQUANTIZED_BYTES)
                + (spec.lora().useDora() ? largest * DORA_BYTES : 0);
        return again + (tokens * gradients + scores(rows)) * stream() + weight;
    }

    /** Elements of the attention probabilities, which only eager attention writes out. */
    private long scores(int rows) {
        long length = spec.training().maxSequenceLength();
        return spec.model().attention() == Attention.EAGER ? rows * shape.heads() * length * length : 0;
    }

    private long headWorkspace(long tokens) {
        long atOnce = Math.max(LOGITS_AT_ONCE / shape.vocabularySize(), 1);
        long logits = Math.min(tokens, atOnce) * shape.vocabularySize() * LOGIT_ARRAYS * Float.BYTES;
        long slice = Math.min(HEAD_SLICE, shape.vocabularySize()) * (long) shape.hiddenSize() * stream();
        return logits + slice + 3 * tokens * shape.hiddenSize() * stream();
    }

    /** Bytes of a value between layers: float32 beside quantized layers, as prepare_model_for_kbit_training has it. */
    private int stream() {
        return spec.quantization() == null ? bytes(spec.model().dtype()) : Float.BYTES;
    }

    private static int bytes(Dtype dtype) {
        return dtype == Dtype.FLOAT32 ? 4 : 2;
    }

    private static String contents(String id, DeviceMap map) {
        StringBuilder text = new StringBuilder();
        append(text, map.embedding().equals(id), "embed");
        int[] layers = IntStream.range(0, map.layers().size())
                .filter(index -> map.layers().get(index).equals(id))
                .toArray();
        for (int first = 0; first < layers.length; ) {
            int last = first;
            while (last + 1 < layers.length && layers[last + 1] == layers[last] + 1) {
                last++;
            }
            append(text, true, first == last ? "" + layers[first] : layers[first] + "-" + layers[last]);
            first = last + 1;
        }
        append(text, map.norm().equals(id), "norm");
        append(text, map.head().equals(id), "head");
        return text.toString();
    }

    private static void append(StringBuilder text, boolean there, String name) {
        if (there) {
            text.append(text.isEmpty() ? "" : ",").append(name);
        }
    }
}
