package dev.socratic.trainer.engine;

import java.util.function.Supplier;

/** torch's default generators, which all threads share: who seeds them draws before another seeds them anew. */
final class Generators {
    synchronized <T> T alone(Supplier<T> seedAndDraw) {
        return seedAndDraw.get();
    }
}
