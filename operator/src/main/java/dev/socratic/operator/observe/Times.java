package dev.socratic.operator.observe;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;

/** RFC 3339, as Kubernetes writes times. */
public final class Times {
    private Times() {}

    /** The instant in {@code text}, or null where there is none. */
    public static Instant parse(String text) {
        if (text == null) {
            return null;
        }
        try {
            return OffsetDateTime.parse(text).toInstant();
        } catch (DateTimeException notATime) {
            return null;
        }
    }
}
