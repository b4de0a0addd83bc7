package dev.socratic.local;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Closes what was started, the latest first, when the run ends by itself or by a signal, and then ends any child
 * process that is still there.
 */
final class Ending implements AutoCloseable {
    private final Deque<AutoCloseable> started = new ArrayDeque<>();
    private boolean closed;

    private Ending() {}

    /** An ending that also comes with Ctrl-C and SIGTERM. */
    static Ending atShutdown() {
        var ending = new Ending();
        Runtime.getRuntime().addShutdownHook(new Thread(ending::close, "ending"));
        return ending;
    }

    /** Adds something to close. */
    synchronized <T extends AutoCloseable> T closes(T resource) {
        started.push(resource);
        return resource;
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        for (AutoCloseable resource : started) {
            try {
                resource.close();
            } catch (Exception e) {
                System.err.println("while ending: " + e);
            }
        }
        ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
    }
}
