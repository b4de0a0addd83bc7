package dev.socratic.local.jobs;

import io.fabric8.kubernetes.api.model.batch.v1.JobCondition;
import io.fabric8.kubernetes.api.model.batch.v1.JobConditionBuilder;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A Job's conditions; a condition that is set again as it was keeps its times. */
final class JobConditions {
    private final List<JobCondition> conditions;
    private final Instant now;

    JobConditions(List<JobCondition> present, Instant now) {
        this.conditions = new ArrayList<>(present);
        this.now = now;
    }

    boolean isTrue(String type) {
        return find(type).isPresent();
    }

    /** The condition of this type, if its status is True. */
    Optional<JobCondition> find(String type) {
        return conditions.stream()
                .filter(c -> c.getType().equals(type) && "True".equals(c.getStatus()))
                .findFirst();
    }

    void set(String type, String status, String reason, String message) {
        boolean same = conditions.stream()
                .anyMatch(c -> c.getType().equals(type) && c.getStatus().equals(status));
        if (same) {
            return;
        }
        conditions.removeIf(c -> c.getType().equals(type));
        conditions.add(new JobConditionBuilder()
                .withType(type)
                .withStatus(status)
                .withReason(reason)
                .withMessage(message)
                .withLastProbeTime(Times.text(now))
                .withLastTransitionTime(Times.text(now))
                .build());
    }

    List<JobCondition> list() {
        return conditions;
    }
}
