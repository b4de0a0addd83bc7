package dev.socratic.operator.observe;

import java.time.Instant;
import java.util.Optional;

/** Looks up what Kubernetes says only in events: why a Job makes no pod, why a pod's container is not created. */
@FunctionalInterface
public interface Warnings {
    /** The newest warning about the object with this uid, unless it is an old one. */
    Optional<Warning> newest(String namespace, String uid, Instant now);
}
