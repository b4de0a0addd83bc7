package dev.socratic.local;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.api.v1alpha1.status.Phase;
import io.fabric8.kubernetes.api.model.Condition;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Why there is nothing more to wait for.
 *
 * @param reason CamelCase, from the resource's conditions
 */
record RunEnd(Kind kind, String reason, String message) {
    enum Kind {
        SUCCEEDED,
        FAILED,
        /** It cannot start until someone mends something. */
        BLOCKED
    }

    private static final String UNSCHEDULABLE = "Unschedulable";

    /** What this machine will not have later either; a claim may still be made. */
    private static final Pattern NEVER = Pattern.compile("Insufficient|node affinity/selector");

    /** Empty while the run is under way, or while the status is about an earlier spec. */
    static Optional<RunEnd> of(SocraticFineTune resource) {
        var status = resource.getStatus();
        if (status == null
                || !Objects.equals(
                        status.observedGeneration(), resource.getMetadata().getGeneration())) {
            return Optional.empty();
        }
        String reason = condition(resource, "Ready").map(Condition::getReason).orElse("");
        String message = Objects.requireNonNullElse(status.message(), "");
        if (status.phase() == Phase.SUCCEEDED) {
            return Optional.of(new RunEnd(Kind.SUCCEEDED, reason, message));
        }
        if (status.phase() == Phase.FAILED) {
            return Optional.of(new RunEnd(Kind.FAILED, reason, message));
        }
        boolean stalled = condition(resource, "Stalled")
                .filter(c -> "True".equals(c.getStatus()))
                .isPresent();
        return stalled
                        || (reason.equals(UNSCHEDULABLE)
                                && NEVER.matcher(message).find())
                ? Optional.of(new RunEnd(Kind.BLOCKED, reason, message))
                : Optional.empty();
    }

    private static Optional<Condition> condition(SocraticFineTune resource, String type) {
        return resource.getStatus().conditions().stream()
                .filter(c -> c.getType().equals(type))
                .findFirst();
    }
}
