package dev.socratic.trainer.train;

import java.util.concurrent.atomic.AtomicBoolean;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/** Whether the run was asked to stop: the loop looks at it after each step, writes a checkpoint and ends. */
public final class StopSignal implements AutoCloseable {
    private final AtomicBoolean requested = new AtomicBoolean();
    private final Signal signal = new Signal("TERM");
    private final SignalHandler before;

    private StopSignal() {
        before = Signal.handle(signal, received -> requested.set(true));
    }

    /** Takes SIGTERM, as Kubernetes sends it before it ends a pod, until closed. */
    public static StopSignal onSigterm() {
        return new StopSignal();
    }

    public void request() {
        requested.set(true);
    }

    boolean requested() {
        return requested.get();
    }

    @Override
    public void close() {
        Signal.handle(signal, before);
    }
}
