package dev.socratic.operator.decide;

import dev.socratic.api.v1alpha1.status.SocraticFineTuneStatus;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What to do about an observation, in this order.
 *
 * @param actions changes of the cluster
 * @param events events to record
 * @param status the status that the resource shall have; written only if it is another than it has, and null
 *     while there is none
 * @param comeBack when to look again without being called
 */
public record Decision(
        List<Action> actions, List<RunEvent> events, SocraticFineTuneStatus status, Optional<Duration> comeBack) {}
