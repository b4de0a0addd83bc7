package dev.socratic.operator.decide;

/**
 * An event to record.
 *
 * @param occasion what tells two events of one run and reason apart, such as the pod's name; the same occasion is
 *     recorded once
 */
public record RunEvent(EventReason reason, String occasion, String message) {}
