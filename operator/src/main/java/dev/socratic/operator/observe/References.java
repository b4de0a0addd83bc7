package dev.socratic.operator.observe;

import dev.socratic.operator.run.Run;
import java.util.List;

/** Looks up what a run needs. Secrets are not read: the kubelet names a missing one in the pod's status. */
@FunctionalInterface
public interface References {
    List<MissingReference> missing(Run run);
}
