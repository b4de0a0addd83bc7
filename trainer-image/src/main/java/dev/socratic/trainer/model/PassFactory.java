package dev.socratic.trainer.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.socratic.api.v1alpha1.spec.Attention;
import dev.socratic.trainer.data.Batch;
import dev.socratic.trainer.engine.AttentionRule;
import dev.socratic.trainer.engine.Dropout;
import dev.socratic.trainer.engine.Ops;
import dev.socratic.trainer.engine.Precision;
import dev.socratic.trainer.engine.Rotary;
import dev.socratic.trainer.engine.TorchEngine;
import dev.socratic.trainer.model.DecoderLayer.LayerCache;
import dev.socratic.trainer.model.DecoderLayer.Pass;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Makes what a block needs to know of a batch: rotations and masks, on the block's device. What a pass holds stays as long
 * as its scope, whatever batches come in between; a factory serves one thread at a time.
 */
final class PassFactory {
    /** Frequencies are computed once for each device and kind of layer. */
    private record Key(Device device, RopeConfig rope) {}

    /** The rotations of the latest length, which batches often share. */
    private record Rotations(RopeConfig rope, int positions, Rotary rotary, NDManager scope) {}

    private record WindowKey(Device device, int window) {}

    private final TorchEngine engine;
    private final NDManager owner;
    private final ModelConfig config;
    private final Attention attention;
    private final Precision stream;
    private final Map<Key, NDArray> frequencies = new HashMap<>();
    private final Map<Key, Rotations> rotations = new HashMap<>();
    private final Map<WindowKey, NDArray> masks = new HashMap<>();

    PassFactory(TorchEngine engine, NDManager owner, ModelConfig config, Attention attention, Precision stream) {
        this.engine = engine;
        this.owner = owner;
        this.config = config;
        this.attention = attention;
        this.stream = stream;
    }

    /**
     * For a batch of whole texts, without dropout.
     *
     * @param starts of {@link Batch#textStarts()} [B, L] on the block's device
     */
    Pass pass(NDManager scope, LayerWeights layer, Batch batch, Optional<NDArray> starts) {
        if (starts.isPresent()) {
            return packed(scope, layer, batch, starts.get());
        }
        int window = layer.config().window();
        Rotary rotary = held(scope, rotary(layer, batch.length(), batch.length()));
        Optional<NDArray> mask = window > 0 && batch.length() > window
                ? Optional.of(held(scope, mask(layer, batch.length(), rotary.cos())))
                : Optional.empty();
        return new Pass(
                batch.rows(),
                batch.length(),
                rotary,
                rule(mask, mask.isPresent() ? window : 0),
                Dropout.NONE,
                Optional.empty());
    }

    /** Several texts in a row, each with its own positions. */
    private Pass packed(NDManager scope, LayerWeights layer, Batch batch, NDArray starts) {
        int[] textStarts = batch.textStarts().orElseThrow();
        int longest = 1;
        for (int i = 0; i < textStarts.length; i++) {
            longest = Math.max(longest, i % batch.length() - textStarts[i] + 1);
        }
        Rotary table = rotary(layer, longest, longest);
        Rotary rotary = ops().rotaryAt(scope, table, engine.tensors().packedPositions(scope, starts));
        NDArray mask = engine.tensors().packedMask(scope, starts, layer.config().window());
        return new Pass(
                batch.rows(), batch.length(), rotary, rule(Optional.of(mask), 0), Dropout.NONE, Optional.empty());
    }

    /** For tokens at positions [B, L] that continue texts in a cache. */
    Pass pass(NDManager scope, LayerWeights layer, LayerCache cache) {
        int total = (int) cache.keys().getShape().get(1);
        NDArray positions = cache.positions();
        Rotary table = rotary(layer, total, cache.length());
        NDArray mask = engine.tensors()
                .cacheMask(scope, positions, total, layer.config().window());
        return new Pass(
                (int) positions.getShape().get(0),
                (int) positions.getShape().get(1),
                ops().rotaryAt(scope, table, positions),
                rule(Optional.of(mask), 0),
                Dropout.NONE,
                Optional.of(cache));
    }

    /** Eager attention caps scores, and computes them in the type of what passes through. */
    private AttentionRule rule(Optional<NDArray> mask, int window) {
        double scale = config.attentionScale();
        return attention == Attention.EAGER
                ? new AttentionRule(scale, config.attentionSoftcap(), stream, mask, window)
                : new AttentionRule(scale, 0, Precision.FLOAT32, mask, window);
    }

    /** The same values under a handle of the scope's own: they outlive the table in the cache. */
    private NDArray held(NDManager scope, NDArray cached) {
        return engine.tensors().alias(scope, cached);
    }

    private Rotary held(NDManager scope, Rotary cached) {
        return new Rotary(held(scope, cached.cos()), held(scope, cached.sin()));
    }

    /** The first {@code positions} of texts of a length. */
    private Rotary rotary(LayerWeights layer, int positions, int length) {
        RopeConfig rope = layer.config().rope().forLength(length);
        Key key = new Key(layer.device(), layer.config().rope());
        Rotations kept = rotations.get(key);
        if (kept == null || kept.positions != positions || !kept.rope.equals(rope)) {
            if (kept != null) {
                kept.scope.close();
            }
            NDManager scope = owner.newSubManager();
            NDArray base = frequencies(layer.device(), rope);
            Rotary rotary = ops().rotary(scope, base, positions, rope.attentionFactor(), stream);
            kept = new Rotations(rope, positions, rotary, scope);
            rotations.put(key, kept);
        }
        return kept.rotary;
    }

    private NDArray mask(LayerWeights layer, int length, NDArray like) {
        WindowKey key = new WindowKey(layer.device(), layer.config().window());
        NDArray kept = masks.get(key);
        if (kept == null || kept.getShape().get(3) != length) {
            if (kept != null) {
                kept.close();
            }
            kept = ops().slidingWindow(owner, length, layer.config().window(), like);
            masks.put(key, kept);
        }
        return kept;
    }

    private NDArray frequencies(Device device, RopeConfig rope) {
        return frequencies.computeIfAbsent(new Key(device, rope), key -> {
            try (NDManager scope = engine.root().newSubManager(Device.cpu())) {
                NDArray plain = ops().rotaryFrequencies(scope, rope.theta(), rope.dimension());
                NDArray scaled = scope.create(rope.stretched(plain.toFloatArray()));
                NDArray placed = engine.tensors().onDevice(scope, scaled, key.device);
                placed.attach(owner);
                return placed;
            }
        });
    }

    private Ops ops() {
        return engine.ops();
    }
}
