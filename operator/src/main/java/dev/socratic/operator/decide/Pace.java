package dev.socratic.operator.decide;

import java.time.Duration;

/**
 * How often to look and to write.
 *
 * @param progressWrites shortest time between two statuses that differ in nothing but progress
 * @param pendingChecks time until the first look at a run that does not start
 */
public record Pace(Duration progressWrites, Duration pendingChecks) {
    private static final Duration LONGEST = Duration.ofMinutes(5);

    /** When to look again at what has been waiting for this long: soon at first, then ever more seldom. */
    Duration nextCheck(Duration waited) {
        Duration longest = pendingChecks.compareTo(LONGEST) > 0 ? pendingChecks : LONGEST;
        return waited.compareTo(pendingChecks) < 0 ? pendingChecks : waited.compareTo(longest) > 0 ? longest : waited;
    }
}
