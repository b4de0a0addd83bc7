package dev.socratic.trainer.placement;

import dev.socratic.api.v1alpha1.spec.Attention;
import dev.socratic.api.v1alpha1.spec.Dtype;
import dev.socratic.api.v1alpha1.spec.Optimizer;
import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.trainer.placement.PipelineSchedule.Direction;
import dev.socratic.trainer.placement.PipelineSchedule.Task;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/** Counts the bytes of a run on one device, from the arrays that the engine's forward and backward passes make. */
record MemoryEstimate(ModelShape shape, SocraticFineTuneSpec spec, Kernels kernels) {
    private static final int BLOCK = 64;
    private static final int NESTED_BLOCK = 256;
    /** Parameter, gradient and two Adam moments in float32. */
    private static final int TRAINED_BYTES = 16;
    /** The same with moments of 8 bits and a share in their scales, as all but the embedding may have them. */
    private static final int TRAINED_BYTES_8BIT = 11;
    /** Parameter and gradient. */
    private static final int REPLICA_BYTES = 8;
    /** Logits that the head computes at once, in float32, and how many such arrays a chunk has. */
    private static final long LOGITS_AT_ONCE = 1L << 26;

    private static final long LOGITS_AT_ONCE_ON_CPU = 1L << 24;
    private static final int LEAST_ROWS_AT_ONCE = 256;
    private static final int LOGIT_ARRAYS = 4;
    /** Attention scores that are computed at once, as the engine's AtOnce has it. */
    private static final long SCORES_AT_ONCE = 1L << 26;

    private static final long SCORES_AT_ONCE_ON_CPU = 1L << 18;
    /** Rows of the output embedding that are cast at once. */
    private static final int HEAD_SLICE = 16_384;
    /** CUDA context, kernels, and the workspaces of cuBLAS and cuDNN, as measured on an H200. */
    private static final long GPU_CONTEXT = 780L << 20;
    /** The JVM's heap, classes and code beside libtorch's libraries, as measured on runs of tiny models. */
    private static final long CPU_CONTEXT = 320L << 20;
    /** Gaps that the allocator leaves between arrays, measured too: a part in thirty-two of them. */
    private static final int GAP_SHARE = 32;
    /** The same of what passes through libtorch's operations, whose arrays differ more in size. */
    private static final int GAP_SHARE_OF_TORCH = 10;

    /**
     * What a device needs: where several micro-batches are on their way, a section keeps what each of them left there.
     *
     * @param schedule of a step
     * @param cap most that may be used, or null
     */
    RunPlan.Device device(String id, Candidate candidate, PipelineSchedule schedule, Long cap) {
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
        KernelMemory kernelMemory = new KernelMemory(shape, spec, stream());
        BlockMemory blocks = own
                ? kernelMemory
                : new TorchMemory(shape, spec, stream(), branch(id), scoresAtOnce(id), dequantized(id));
        long last = !head
                ? 0
                : own && kernelsKnowTheHead()
                        ? kernelMemory.headBytes(tactic.rows(), tactic.logitsAtOnce())
                        : headWorkspace(tactic.rows(), id);
        Activations activations = activations(id, candidate, schedule, blocks, last);
        boolean dequantizes = own && quantized() && layers > 0 && tactic.weights() == Tactic.Weights.EACH_TIME;
        long room = dequantizes ? kernelMemory.dequantizedAtOnce() : layers > 0 ? denseOnHost(id) : 0;
        return new RunPlan.Device(
                id,
                contents(id, map),
                cap,
                weights,
                adapterBytes(id, candidate.spread(), map),
                activations.kept,
                activations.workspace + room + gaps(id, weights, activations),
                id.equals("cpu") ? CPU_CONTEXT : GPU_CONTEXT,
                own && quantized() && tactic.weights() == Tactic.Weights.KEPT
                        ? layers * kernelMemory.dequantizedBlock()
                        : 0,
                tactic.logitsAtOnce());
    }

    /**
     * What passes leave on a device and what they take beside that, where both together are most.
     *
     * @param kept by all forward passes on their way
     * @param workspace needed beside it: by the head, or by the backward pass of a block, when what was kept of the blocks
     *     behind it has been used up
     */
    private record Activations(long kept, long workspace) {}

    private long gaps(String id, long weights, Activations activations) {
        long passing = activations.kept + activations.workspace;
        return !id.equals("cpu") && ownKernels() ? (weights + passing) / GAP_SHARE : passing / GAP_SHARE_OF_TORCH;
    }

    private Activations activations(
            String id, Candidate candidate, PipelineSchedule schedule, BlockMemory blocks, long head) {
        List<Section> sections = Section.of(candidate.spread().mapOf(id));
        List<Integer> held = schedule.held();
        List<Activations> ofOne = new ArrayList<>();
        long handedOver = 0;
        for (int i = 0; i < sections.size(); i++) {
            Section section = sections.get(i);
            long last = i == sections.size() - 1 ? head : 0;
            ofOne.add(ofOneMicroBatch(section, candidate, blocks, last));
            handedOver += section.device().equals(id)
                    ? handedOver(i, held) * blocks.hidden(candidate.tactic().rows())
                    : 0;
        }
        Activations most = new Activations(0, 0);
        long kept = handedOver;
        for (Task task : schedule.of(candidate.spread().mapped(id))) {
            Activations one = ofOne.get(task.section());
            boolean forward = task.direction() == Direction.FORWARD;
            long now = kept + (forward ? one.kept : 0);
            most = now + one.workspace > most.kept + most.workspace ? new Activations(now, one.workspace) : most;
            kept = forward ? now : kept - one.kept;
        }
        return most;
    }

    private Activations ofOneMicroBatch(Section section, Candidate candidate, BlockMemory blocks, long head) {
        int rows = candidate.tactic().rows();
        List<SavedActivations> saved = candidate.saved();
        long scores = section.device().equals("cpu") ? 0 : packedScores(rows);
        long kept = packedMasks(rows);
        long workspace = head;
        long usedUp = 0;
        for (int block = section.end() - 1; block >= section.first(); block--) {
            workspace = Math.max(workspace, blocks.backward(saved.get(block), rows) + scores - usedUp);
            kept += kept(blocks, section, saved, block, rows);
            // what is computed again stands in arrays for all blocks
            usedUp += saved.get(block).keepsProducts() ? kept(blocks, section, saved, block, rows) : 0;
        }
        return new Activations(kept, workspace);
    }

    /** Arrays of a section for what it hands over: outputs to the next one or to the head, gradients to the one before. */
    private static long handedOver(int section, List<Integer> held) {
        if (held.size() == 1) {
            return 0;
        }
        int forward = section < held.size() - 1 ? held.get(section) : 1;
        int backward = section > 0 ? held.get(section - 1) : 0;
        return forward + backward;
    }

    private static long kept(BlockMemory blocks, Section section, List<SavedActivations> saved, int block, int rows) {
        return blocks.kept(saved.get(block), rows) + (section.keepsInput(saved, block) ? blocks.hidden(rows) : 0);
    }

    /** Masks of texts that share a row, of full and of sliding attention, a byte an element. */
    private long packedMasks(int rows) {
        long length = spec.training().maxSequenceLength();
        return spec.dataset().packing() ? 2 * rows * length * length : 0;
    }

    /** Attention under such a mask writes its scores out. */
    private long packedScores(int rows) {
        long length = spec.training().maxSequenceLength();
        long scores = rows * shape.heads() * length * length;
        return spec.dataset().packing() ? Math.min(scores, SCORES_AT_ONCE) * TorchMemory.SCORE_BYTES : 0;
    }

    /** A replica has no optimizer; the first device has room for the gradients of one that is added to its own. */
    private long adapterBytes(String id, Spread spread, DeviceMap map) {
        long embedding = trains("embed_tokens") && map.embedding().equals(id) ? shape.embeddingElements() : 0;
        long others = adapterElements(id::equals, map)
                + (trains("lm_head") && map.head().equals(id) ? shape.embeddingElements() : 0);
        if (spread.replicas().contains(id)) {
            return (embedding + others) * REPLICA_BYTES;
        }
        long ofOthers = spec.training().optimizer() == Optimizer.ADAMW8BIT ? TRAINED_BYTES_8BIT : TRAINED_BYTES;
        long added = spread.replicas().isEmpty() ? 0 : (embedding + others) * Float.BYTES;
        return embedding * TRAINED_BYTES + others * ofOthers + added;
    }

    private static long scoresAtOnce(String id) {
        return id.equals("cpu") ? SCORES_AT_ONCE_ON_CPU : SCORES_AT_ONCE;
    }

    /** Bytes of a weight's element while libtorch dequantizes it. */
    private int dequantized(String id) {
        return quantized() && !dequantizesOnHost(id) ? TorchMemory.DEQUANTIZED_BY_STEPS : 0;
    }

    /** What the CPU has for one weight after the other: the largest's values in the type of the product. */
    private long denseOnHost(String id) {
        return quantized() && dequantizesOnHost(id)
                ? shape.largestLinearElements() * bytes(spec.quantization().computeDtype())
                : 0;
    }

    private boolean dequantizesOnHost(String id) {
        return id.equals("cpu")
                && (!spec.lora().useDora()
                        || spec.model().dtype() == spec.quantization().computeDtype());
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

    private boolean kernelsKnowTheHead() {
        return spec.training().labelSmoothingFactor() == null
                && spec.lora().modulesToSave().isEmpty();
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

    private long headWorkspace(int rows, String id) {
        long tokens = (long) rows * spec.training().maxSequenceLength();
        long logitsAtOnce = id.equals("cpu") ? LOGITS_AT_ONCE_ON_CPU : LOGITS_AT_ONCE;
        long atOnce = Math.max(logitsAtOnce / shape.vocabularySize(), LEAST_ROWS_AT_ONCE);
        long logits = Math.min(tokens, atOnce) * shape.vocabularySize() * LOGIT_ARRAYS * Float.BYTES;
        long slice = Math.min(HEAD_SLICE, shape.vocabularySize()) * (long) shape.hiddenSize() * stream();
        return logits + slice + 3 * tokens * shape.hiddenSize() * stream();
    }

    /** Bytes of a value between layers: float32 beside quantized layers, as prepare_model_for_kbit_training has it. */
    private int stream() {
        return spec.quantization() == null ? bytes(spec.model().dtype()) : Float.BYTES;
    }

    /** Bytes of a value between two norms: on GPUs, as under autocast, of the type that products are computed in. */
    private int branch(String id) {
        return id.equals("cpu") || !quantized()
                ? stream()
                : bytes(spec.quantization().computeDtype());
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
