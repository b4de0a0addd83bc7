package dev.socratic.operator.decide;

import dev.socratic.api.v1alpha1.status.Phase;
import dev.socratic.api.v1alpha1.status.SocraticFineTuneStatus;
import java.util.Arrays;
import java.util.List;

/** What of a running status is worth a write at once; the rest is progress and may wait. */
record Progressless(Phase phase, String reason, Long generation, List<Object> facts) {
    static Progressless of(SocraticFineTuneStatus status) {
        return new Progressless(
                status.phase(),
                Conditions.reason(status.conditions()),
                status.observedGeneration(),
                Arrays.asList(
                        status.nodeName(),
                        status.startTime(),
                        status.attempts(),
                        status.modelRevision(),
                        status.parameters(),
                        status.progress() == null));
    }
}
