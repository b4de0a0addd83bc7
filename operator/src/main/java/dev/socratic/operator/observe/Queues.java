package dev.socratic.operator.observe;

import java.util.Optional;

/** Asks Kueue what it makes of a Job in one of its queues. */
@FunctionalInterface
public interface Queues {
    /** Why the Job with this uid waits; empty where Kueue has not looked at it yet or lets it go. */
    Optional<QueueHold> hold(String namespace, String jobUid);
}
