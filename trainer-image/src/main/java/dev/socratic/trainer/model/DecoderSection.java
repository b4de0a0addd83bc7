package dev.socratic.trainer.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.socratic.trainer.data.Batch;
import dev.socratic.trainer.engine.Dropout;
import dev.socratic.trainer.engine.Tensors;
import dev.socratic.trainer.model.DecoderLayer.Branches;
import dev.socratic.trainer.model.DecoderLayer.Kept;
import dev.socratic.trainer.model.DecoderLayer.LayerCache;
import dev.socratic.trainer.model.DecoderLayer.Pass;
import dev.socratic.trainer.model.DecoderLayer.Passed;
import dev.socratic.trainer.placement.SavedActivations;
import dev.socratic.trainer.placement.Section;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * The blocks of one section, all on one device. Micro-batches pass forward and come back in the same order; several may be
 * on their way, each with a {@link Run} of its own. One thread at a time works on a section.
 */
final class DecoderSection {
    private final Section section;
    private final Device device;
    private final List<LayerWeights> layers;
    private final List<SavedActivations> saved;
    private final DecoderLayer block;
    private final PassFactory passes;
    private final Tensors tensors;

    DecoderSection(
            Section section,
            Device device,
            List<LayerWeights> layers,
            List<SavedActivations> saved,
            DecoderLayer block,
            PassFactory passes,
            Tensors tensors) {
        this.section = section;
        this.device = device;
        this.layers = layers.subList(section.first(), section.end());
        this.saved = saved;
        this.block = block;
        this.passes = passes;
        this.tensors = tensors;
    }

    Device device() {
        return device;
    }

    /** Where in its row the text of each token begins, [B, L] on this device, if a batch is packed. */
    Optional<NDArray> starts(NDManager scope, Batch batch) {
        return batch.textStarts().map(starts -> {
            long[] values = Arrays.stream(starts).asLongStream().toArray();
            return tensors.onDevice(scope, scope.create(values, new Shape(batch.rows(), batch.length())), device);
        });
    }

    /** A micro-batch in this section: what its forward pass kept, until its backward pass has closed it. */
    record Run(NDManager scope, List<BlockRun> blocks, NDArray output) {}

    /** A block's pass and what was kept of it; the input is absent where it follows from an earlier one. */
    private record BlockRun(Pass pass, Optional<NDArray> input, Kept kept) {}

    /**
     * @param x [N, H] on this device
     * @param starts as {@link #starts} gives them
     */
    Run forward(NDManager scope, NDArray x, Batch batch, Optional<NDArray> starts, Dropout dropout) {
        List<BlockRun> runs = new ArrayList<>();
        Map<ModelConfig.LayerConfig, Pass> known = new HashMap<>();
        Shelf inputs = new Shelf(tensors, scope, places(block -> isBare(block) && keepsInput(block)));
        Shelf branches = new Shelf(tensors, scope, 2 * places(block -> saving(block) == SavedActivations.BRANCHES));
        NDArray at = x;
        for (int i = 0; i < layers.size(); i++) {
            LayerWeights layer = layers.get(i);
            Pass pass = known.computeIfAbsent(layer.config(), any -> passes.pass(scope, layer, batch, starts))
                    .with(dropout.part(section.first() + i));
            NDArray input = isBare(i) && keepsInput(i) ? inputs.put(at) : at;
            Passed passed = block.forward(scope, layer, input, pass, saving(i));
            if (!keepsInput(i)) {
                input.close();
            }
            Kept kept = saving(i) == SavedActivations.BRANCHES ? shelved(branches, passed.kept()) : passed.kept();
            runs.add(new BlockRun(pass, keepsInput(i) ? Optional.of(input) : Optional.empty(), kept));
            at = passed.output();
        }
        return new Run(scope, runs, at);
    }

    private SavedActivations saving(int block) {
        return saved.get(section.first() + block);
    }

    private boolean isBare(int block) {
        return !saving(block).keepsProducts();
    }

    private boolean keepsInput(int block) {
        return section.keepsInput(saved, section.first() + block);
    }

    private long places(IntPredicate blocks) {
        return IntStream.range(0, layers.size()).filter(blocks).count();
    }

    private static Kept shelved(Shelf shelf, Kept kept) {
        Branches made = kept.branches().orElseThrow();
        Branches branches = new Branches(shelf.put(made.attention()), shelf.put(made.mlp()));
        return new Kept(Optional.of(branches), kept.attention(), kept.middle(), kept.mlp());
    }

    /** The section's output without what a backward pass would read; closes x. */
    NDArray through(NDManager scope, NDArray x, Batch batch, Optional<NDArray> starts) {
        NDArray at = x;
        for (LayerWeights layer : layers) {
            NDArray before = at;
            at = block.forward(scope, layer, before, passes.pass(scope, layer, batch, starts), SavedActivations.INPUTS)
                    .output();
            before.close();
        }
        return at;
    }

    /** The same for tokens that continue texts, each block with its cache. */
    NDArray through(NDManager scope, NDArray x, List<LayerCache> caches) {
        NDArray at = x;
        for (int i = 0; i < layers.size(); i++) {
            NDArray before = at;
            Pass pass = passes.pass(scope, layers.get(i), caches.get(i));
            at = block.forward(scope, layers.get(i), before, pass, SavedActivations.INPUTS)
                    .output();
            before.close();
        }
        return at;
    }

    int size() {
        return layers.size();
    }

    /**
     * The gradient by the section's input, which belongs to {@code scope}.
     *
     * @param dOutput on this device; closed once it has been used
     */
    NDArray backward(NDManager scope, Run run, NDArray dOutput) {
        NDArray dx = dOutput;
        for (int i = layers.size() - 1; i >= 0; i--) {
            BlockRun passed = run.blocks.get(i);
            try (NDManager inner = scope.newSubManager()) {
                NDArray x = input(inner, run, i);
                NDArray dInput = block.backward(inner, layers.get(i), x, passed.kept, passed.pass, dx);
                dInput.attach(scope);
                dx.close();
                dx = dInput;
            }
            passed.input.ifPresent(NDArray::close);
        }
        return dx;
    }

    /** A block's input, by way of the branches of blocks before it where it was not kept. */
    private NDArray input(NDManager scope, Run run, int index) {
        int from = index;
        while (run.blocks.get(from).input.isEmpty()) {
            from--;
        }
        NDArray x = run.blocks.get(from).input.get();
        for (int i = from; i < index; i++) {
            NDArray before = x;
            x = block.output(
                    scope,
                    layers.get(i),
                    before,
                    run.blocks.get(i).kept.branches().orElseThrow());
            if (i > from) {
                before.close();
            }
        }
        return x;
    }
}
