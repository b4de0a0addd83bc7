package dev.socratic.trainer.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.socratic.trainer.data.Batch;
import dev.socratic.trainer.engine.Dropout;
import dev.socratic.trainer.engine.Precision;
import dev.socratic.trainer.engine.Tensors;
import dev.socratic.trainer.model.DecoderLayer.Activations;
import dev.socratic.trainer.model.DecoderLayer.LayerCache;
import dev.socratic.trainer.model.DecoderLayer.Pass;
import dev.socratic.trainer.placement.SavedActivations;
import dev.socratic.trainer.placement.Section;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The blocks of one section, all on one device. Micro-batches pass forward and come back in the same order; several may be
 * on their way, each with a {@link Run} of its own. One thread at a time works on a section.
 */
final class DecoderSection {
    private final Section section;
    private final Device device;
    private final List<LayerWeights> layers;
    private final List<SavedActivations> saving;
    private final DecoderLayer block;
    private final PassFactory passes;
    private final Tensors tensors;
    private final Precision stream;
    private final int width;

    DecoderSection(
            Section section,
            Device device,
            List<LayerWeights> layers,
            List<SavedActivations> saving,
            DecoderLayer block,
            PassFactory passes,
            Precision stream) {
        this.section = section;
        this.device = device;
        this.layers = layers.subList(section.first(), section.end());
        this.saving = saving.subList(section.first(), section.end());
        this.block = block;
        this.passes = passes;
        this.tensors = block.tensors();
        this.stream = stream;
        this.width = block.config().hiddenSize();
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

    /** A block's pass and what was kept of it; {@code activations} is null where they are computed again. */
    private record BlockRun(Pass pass, NDArray input, NDArray output, NDManager kept, Activations activations) {}

    /**
     * @param x [N, H] on this device
     * @param starts as {@link #starts} gives them
     */
    Run forward(NDManager scope, NDArray x, Batch batch, Optional<NDArray> starts, Dropout dropout) {
        List<BlockRun> runs = new ArrayList<>();
        Map<ModelConfig.LayerConfig, Pass> known = new HashMap<>();
        BlockInputs inputs = new BlockInputs(scope, (long) batch.rows() * batch.length());
        NDArray at = x;
        for (int i = 0; i < layers.size(); i++) {
            LayerWeights layer = layers.get(i);
            Pass pass = known.computeIfAbsent(layer.config(), any -> passes.pass(scope, layer, batch, starts))
                    .with(dropout.part(section.first() + i));
            BlockRun run = saving.get(i) == SavedActivations.INPUTS
                    ? again(scope, layer, inputs.kept(at), pass)
                    : whole(scope, layer, at, pass);
            runs.add(run);
            at = run.output;
        }
        return new Run(scope, runs, at);
    }

    private BlockRun again(NDManager scope, LayerWeights layer, NDArray x, Pass pass) {
        return new BlockRun(pass, x, through(scope, layer, x, pass), null, null);
    }

    private BlockRun whole(NDManager scope, LayerWeights layer, NDArray x, Pass pass) {
        NDManager kept = scope.newSubManager();
        Activations activations = block.forward(kept, layer, x, pass);
        return new BlockRun(pass, x, activations.output(), kept, activations);
    }

    /** A block's output alone: everything else that the block made is freed. */
    private NDArray through(NDManager scope, LayerWeights layer, NDArray x, Pass pass) {
        try (NDManager inner = scope.newSubManager()) {
            NDArray output = block.forward(inner, layer, x, pass).output();
            output.attach(scope);
            return output;
        }
    }

    /** The section's output without what a backward pass would read; closes x. */
    NDArray through(NDManager scope, NDArray x, Batch batch, Optional<NDArray> starts) {
        NDArray at = x;
        for (LayerWeights layer : layers) {
            NDArray before = at;
            at = through(scope, layer, before, passes.pass(scope, layer, batch, starts));
            before.close();
        }
        return at;
    }

    /** The same for tokens that continue texts, each block with its cache. */
    NDArray through(NDManager scope, NDArray x, List<LayerCache> caches) {
        NDArray at = x;
        for (int i = 0; i < layers.size(); i++) {
            NDArray before = at;
            at = through(scope, layers.get(i), before, passes.pass(scope, layers.get(i), caches.get(i)));
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
            NDArray dInput = backward(scope, layers.get(i), run.blocks.get(i), dx);
            dx.close();
            dx = dInput;
        }
        return dx;
    }

    private NDArray backward(NDManager scope, LayerWeights layer, BlockRun run, NDArray dOutput) {
        try (NDManager inner = run.kept == null ? scope.newSubManager() : run.kept) {
            Activations activations =
                    run.activations == null ? block.forward(inner, layer, run.input, run.pass) : run.activations;
            NDArray dInput = block.backward(inner, layer, activations, run.pass, dOutput);
            dInput.attach(scope);
            return dInput;
        }
    }

    /**
     * The inputs of blocks that are computed again, in one array: kept apart they would lie among what is freed after each
     * block, and leave no whole room for the logits.
     */
    private final class BlockInputs {
        private final NDManager scope;
        private final long rows;
        private NDArray all;
        private long filled;

        BlockInputs(NDManager scope, long rows) {
            this.scope = scope;
            this.rows = rows;
        }

        NDArray kept(NDArray x) {
            if (all == null) {
                long blocks = saving.stream()
                        .filter(kept -> kept == SavedActivations.INPUTS)
                        .count();
                long size = blocks * rows * width;
                all = tensors.allocate(scope, device, 1, size, stream).reshape(size);
                all.attach(scope);
            }
            NDArray place = tensors.view(scope, all, filled * rows * width, rows, width);
            filled++;
            tensors.write(place, x);
            x.close();
            return place;
        }
    }
}
