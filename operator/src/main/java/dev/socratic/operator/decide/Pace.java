package dev.socratic.operator.decide;

import java.time.Duration;

/**
 * How often to look and to write.
 *
 * @param progressWrites shortest time between two statuses that differ in nothing but progress
 * @param pendingChecks time between two looks at a run that does not start
 */
public record Pace(Duration progressWrites, Duration pendingChecks) {}
