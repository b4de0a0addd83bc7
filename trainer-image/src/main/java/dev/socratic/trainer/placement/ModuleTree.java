package dev.socratic.trainer.placement;

import dev.socratic.api.v1alpha1.spec.Dtype;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A module as transformers' decoders nest them, with the bytes of its weights; decoder layers are never split.
 *
 * @param children empty for a leaf and for a decoder layer
 */
record ModuleTree(String name, long bytes, List<ModuleTree> children) {
    static final String EMBEDDING = "model.embed_tokens";
    static final String NORM = "model.norm";
    static final String HEAD = "lm_head";
    private static final int FREQUENCY_BYTES = 4;

    static String layer(int index) {
        return "model.layers." + index;
    }

    /** The bytes of one decoder layer: half a byte an element of a quantized linear layer, as bitsandbytes counts. */
    static long layerBytes(ModelShape shape, WeightFormat format) {
        return shape.linearElements() * format.linearBits() / 8 + shape.vectorElements() * format.dtypeBytes();
    }

    /** Top-level modules in the order that transformers declares them; a tied head has no bytes of its own. */
    static List<ModuleTree> of(ModelShape shape, WeightFormat format) {
        long embedding = shape.embeddingElements() * format.dtypeBytes();
        List<ModuleTree> layers = IntStream.range(0, shape.layers())
                .mapToObj(index -> leaf(layer(index), layerBytes(shape, format)))
                .toList();
        ModuleTree model = node(
                "model",
                List.of(
                        leaf(EMBEDDING, embedding),
                        node("model.layers", layers),
                        leaf(NORM, (long) shape.hiddenSize() * format.dtypeBytes()),
                        leaf("model.rotary_emb", (long) shape.headDimension() * FREQUENCY_BYTES)));
        return List.of(model, leaf(HEAD, shape.head() == ModelShape.Head.TIED ? 0 : embedding));
    }

    private static ModuleTree leaf(String name, long bytes) {
        return new ModuleTree(name, bytes, List.of());
    }

    private static ModuleTree node(String name, List<ModuleTree> children) {
        return new ModuleTree(
                name, children.stream().mapToLong(ModuleTree::bytes).sum(), children);
    }

    boolean contains(String module) {
        return module.equals(name) || module.startsWith(name + ".");
    }

    /** The parts of this module that go to one device each. */
    Stream<ModuleTree> unsplittable() {
        return children.isEmpty() ? Stream.of(this) : children.stream().flatMap(ModuleTree::unsplittable);
    }

    /**
     * How weights are held.
     *
     * @param linearBits bits an element of the linear layers: 4 if quantized
     * @param dtypeBytes bytes an element of everything else
     */
    record WeightFormat(int linearBits, int dtypeBytes) {
        static WeightFormat of(Dtype dtype, Quantized quantized) {
            int bytes = dtype == Dtype.FLOAT32 ? 4 : 2;
            return new WeightFormat(quantized == Quantized.NF4 ? 4 : 8 * bytes, bytes);
        }
    }

    /** Whether linear layers are quantized. */
    enum Quantized {
        NF4,
        NO
    }
}
