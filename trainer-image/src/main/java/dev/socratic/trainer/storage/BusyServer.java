package dev.socratic.trainer.storage;

import java.io.IOException;
import java.time.Duration;

/** A status that passes with time: 408, 425, 429 or 5xx. */
final class BusyServer extends IOException {
    private static final long serialVersionUID = 1L;

    private final transient Duration retryAfter;

    BusyServer(int status, Duration retryAfter) {
        super("HTTP status " + status);
        this.retryAfter = retryAfter;
    }

    /** What the server asked for in Retry-After, or zero. */
    Duration retryAfter() {
        return retryAfter == null ? Duration.ZERO : retryAfter;
    }
}
