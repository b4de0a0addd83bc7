package dev.socratic.operator.observe;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Whether the operator starts many runs at once. What can wait then does, so that the API server and the scheduler are
 * left to start them; but not for long.
 */
public final class Rush {
    private static final int MANY = 16;
    private static final Duration AT_ONCE = Duration.ofSeconds(4);
    private static final Duration LONGEST = Duration.ofSeconds(30);

    private final Deque<Instant> newest = new ArrayDeque<>(MANY);
    private Instant begin = Instant.EPOCH;

    /** A run was given its Job. */
    public synchronized void started(Instant at) {
        if (at.isAfter(endUnlessMoreStart())) {
            begin = at;
        }
        if (newest.size() == MANY) {
            newest.removeFirst();
        }
        newest.addLast(at);
    }

    /** When it is over; past where nothing of the kind goes on. */
    public synchronized Instant end() {
        Instant end = endUnlessMoreStart();
        Instant latest = begin.plus(LONGEST);
        return end.isBefore(latest) ? end : latest;
    }

    private Instant endUnlessMoreStart() {
        return newest.size() < MANY ? Instant.EPOCH : newest.getFirst().plus(AT_ONCE);
    }
}
