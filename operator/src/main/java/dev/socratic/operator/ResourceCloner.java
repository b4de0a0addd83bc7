package dev.socratic.operator;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.javaoperatorsdk.operator.api.config.Cloner;

/**
 * Copies a resource so that a reconciliation may give it another status. Spec and status are immutable records and
 * shared; the framework's own way is through JSON and back.
 */
final class ResourceCloner implements Cloner {
    @Override
    public <R extends HasMetadata> R clone(R object) {
        if (!(object instanceof SocraticFineTune original)) {
            throw new IllegalArgumentException("Only resources are cloned, not a " + object.getKind() + ".");
        }
        SocraticFineTune copy = new SocraticFineTune();
        copy.setMetadata(new ObjectMetaBuilder(original.getMetadata()).build());
        copy.setSpec(original.getSpec());
        copy.setStatus(original.getStatus());
        @SuppressWarnings("unchecked")
        R same = (R) copy;
        return same;
    }
}
