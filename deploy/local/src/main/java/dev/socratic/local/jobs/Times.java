package dev.socratic.local.jobs;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Kubernetes' text form of a time: RFC 3339 with whole seconds. */
final class Times {
    private Times() {}

    static String text(Instant time) {
        return time.truncatedTo(ChronoUnit.SECONDS).toString();
    }
}
