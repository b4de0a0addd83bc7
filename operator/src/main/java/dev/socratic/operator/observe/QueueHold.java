package dev.socratic.operator.observe;

import java.time.Instant;

/**
 * Why Kueue does not let a Job start.
 *
 * @param message Kueue's, in its words; empty where there is no Kueue to say anything
 * @param since since when it is so, or null
 */
public record QueueHold(Cause cause, String message, Instant since) {
    public enum Cause {
        /** The queue has no room now. */
        NO_ROOM,
        /** The queue, or what it leads to, is not there or does not work. */
        NO_QUEUE,
        /** The cluster does not know Kueue's kinds. */
        NO_KUEUE
    }
}
