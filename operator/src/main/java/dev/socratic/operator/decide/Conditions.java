package dev.socratic.operator.decide;

import dev.socratic.operator.observe.Times;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.ConditionBuilder;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** The conditions that kstatus reads. Their transition time moves only when their status does. */
final class Conditions {
    static final String READY = "Ready";
    private static final String RECONCILING = "Reconciling";
    private static final String STALLED = "Stalled";

    private Conditions() {}

    static List<Condition> of(Verdict verdict, List<Condition> before, Long generation, Instant now) {
        boolean onItsWay = verdict.health() == Verdict.Health.IN_PROGRESS || verdict.health() == Verdict.Health.WAITING;
        return List.of(
                condition(READY, verdict.health() == Verdict.Health.READY, verdict, before, generation, now),
                condition(RECONCILING, onItsWay, verdict, before, generation, now),
                condition(STALLED, verdict.health() == Verdict.Health.STALLED, verdict, before, generation, now));
    }

    /** Reason of the Ready condition, or null. */
    static String reason(List<Condition> conditions) {
        return conditions.stream()
                .filter(condition -> READY.equals(condition.getType()))
                .map(Condition::getReason)
                .findFirst()
                .orElse(null);
    }

    /** Since when the condition that shows {@code health} has been true; empty where none does. */
    static Optional<Instant> since(List<Condition> conditions, Verdict.Health health) {
        String type = switch (health) {
            case READY -> READY;
            case IN_PROGRESS, WAITING -> RECONCILING;
            case STALLED -> STALLED;
            case AT_REST -> "";
        };
        return conditions.stream()
                .filter(condition -> type.equals(condition.getType()) && "True".equals(condition.getStatus()))
                .map(Condition::getLastTransitionTime)
                .map(Times::parse)
                .filter(Objects::nonNull)
                .findFirst();
    }

    static boolean stalled(Condition condition) {
        return STALLED.equals(condition.getType()) && "True".equals(condition.getStatus());
    }

    private static Condition condition(
            String type, boolean holds, Verdict verdict, List<Condition> before, Long generation, Instant now) {
        String status = holds ? "True" : "False";
        String since = before.stream()
                .filter(condition -> type.equals(condition.getType()) && status.equals(condition.getStatus()))
                .map(Condition::getLastTransitionTime)
                .findFirst()
                .orElseGet(() -> now.truncatedTo(ChronoUnit.SECONDS).toString());
        return new ConditionBuilder()
                .withType(type)
                .withStatus(status)
                .withReason(verdict.reason())
                .withMessage(verdict.message())
                .withObservedGeneration(generation)
                .withLastTransitionTime(since)
                .build();
    }
}
