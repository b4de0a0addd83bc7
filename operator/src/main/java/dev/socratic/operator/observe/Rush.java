package dev.socratic.operator.observe;

import java.time.Duration;
import java.time.Instant;
import java.util.PriorityQueue;
import java.util.Queue;

/**
 * Whether many runs start at once. What can wait then does, so that the API server, the scheduler and the kubelets are
 * left to start them; but not for long.
 */
public final class Rush {
    private static final int MANY = 32;
    private static final Duration AT_ONCE = Duration.ofSeconds(4);
    private static final Duration LONGEST = Duration.ofSeconds(60);

    private final Queue<Instant> newest = new PriorityQueue<>();
    private Instant begin = Instant.EPOCH;

    /** A run was given its Job, or its trainer began to run. To be told of a time again changes little. */
    public synchronized void step(Instant at) {
        if (at.isAfter(endUnlessMoreSteps())) {
            begin = at;
        }
        newest.add(at);
        if (newest.size() > MANY) {
            newest.remove();
        }
    }

    /** When it is over, unless more runs start until then; past where nothing of the kind goes on. */
    synchronized Instant end() {
        Instant end = endUnlessMoreSteps();
        Instant latest = begin.plus(LONGEST);
        return end.isBefore(latest) ? end : latest;
    }

    /** When it is over in any case; past where none goes on {@code now}. */
    synchronized Instant latestEnd(Instant now) {
        return now.isBefore(end()) ? begin.plus(LONGEST) : Instant.EPOCH;
    }

    private Instant endUnlessMoreSteps() {
        return newest.size() < MANY ? Instant.EPOCH : newest.element().plus(AT_ONCE);
    }
}
