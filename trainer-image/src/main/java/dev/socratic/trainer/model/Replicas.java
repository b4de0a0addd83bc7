package dev.socratic.trainer.model;

import dev.socratic.trainer.engine.TorchEngine;
import java.util.List;

/**
 * One model whole on each of several devices, or once. The first decoder's adapter is the one that is trained, written and
 * restored; the others follow it.
 */
public final class Replicas implements AutoCloseable {
    private final List<Decoder> decoders;

    private Replicas(List<Decoder> decoders) {
        this.decoders = decoders;
    }

    /** @param further devices that hold the model beside those of the request */
    public static Replicas load(TorchEngine engine, LoadRequest request, List<String> further) {
        ModelLoader loader = new ModelLoader(engine, request);
        return new Replicas(
                further.isEmpty() ? List.of(loader.load(loader.stored())) : loader.load(loader.stored(), further));
    }

    /** Models of a folder's {@code config.json} whose weights are drawn at random, for all the same. */
    public static Replicas random(TorchEngine engine, LoadRequest request, List<String> further) {
        ModelLoader loader = new ModelLoader(engine, request);
        return new Replicas(
                further.isEmpty() ? List.of(loader.load(loader.random())) : loader.load(loader.random(), further));
    }

    public Decoder first() {
        return decoders.get(0);
    }

    public List<Decoder> decoders() {
        return decoders;
    }

    /** Gives each replica the first one's parameters, and no gradient. */
    public void spread() {
        for (Decoder decoder : decoders.subList(1, decoders.size())) {
            decoder.adapter().copy(first().adapter());
            decoder.adapter().zeroGradients();
        }
    }

    /** Adds the gradients of the others to the first one's, in their order. */
    public void gather() {
        for (Decoder decoder : decoders.subList(1, decoders.size())) {
            first().adapter().addGradients(decoder.adapter());
        }
    }

    @Override
    public void close() {
        decoders.forEach(Decoder::close);
    }
}
