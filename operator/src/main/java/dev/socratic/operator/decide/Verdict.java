package dev.socratic.operator.decide;

import dev.socratic.api.v1alpha1.status.Phase;
import java.time.Instant;
import java.util.Optional;

/**
 * Where a run stands, for people and for kstatus.
 *
 * @param health whether somebody has to do something
 * @param reason CamelCase reason of the conditions
 * @param endedAt when the run ended, if it did
 */
record Verdict(Phase phase, Health health, String reason, String message, Optional<Instant> endedAt) {
    enum Health {
        /** Done: Ready. */
        READY,
        /** On its way: Reconciling. */
        IN_PROGRESS,
        /** On its way once something outside changes, by itself or by somebody: Reconciling, and told. */
        WAITING,
        /** Waits for somebody: Stalled. */
        STALLED,
        /** Held back on purpose. */
        AT_REST
    }

    static Verdict inProgress(Phase phase, String reason, String message) {
        return new Verdict(phase, Health.IN_PROGRESS, reason, message, Optional.empty());
    }

    static Verdict waiting(Phase phase, String reason, String message) {
        return new Verdict(phase, Health.WAITING, reason, message, Optional.empty());
    }

    static Verdict blocked(String reason, String message) {
        return stalled(Phase.PENDING, reason, message);
    }

    static Verdict stalled(Phase phase, String reason, String message) {
        return new Verdict(phase, Health.STALLED, reason, message, Optional.empty());
    }

    /** Whether it keeps a run from going on. */
    boolean isObstacle() {
        return health == Health.WAITING || health == Health.STALLED && phase != Phase.FAILED;
    }

    static Verdict suspended(String message) {
        return new Verdict(Phase.SUSPENDED, Health.AT_REST, "Suspended", message, Optional.empty());
    }

    static Verdict succeeded(String message, Instant endedAt) {
        return new Verdict(Phase.SUCCEEDED, Health.READY, "Succeeded", message, Optional.of(endedAt));
    }

    static Verdict failed(String reason, String message, Instant endedAt) {
        return new Verdict(Phase.FAILED, Health.STALLED, reason, message, Optional.of(endedAt));
    }
}
