package dev.socratic.trainer.train;

import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;

/** Refuses what the resource can say and this trainer does not do yet: no option is ignored. */
public final class Unsupported {
    private Unsupported() {}

    /** @throws dev.socratic.trainer.failure.TrainerFailure naming the field */
    public static void refuse(SocraticFineTuneSpec spec) {
        refuse(spec.dataset().packing(), "spec.dataset.packing", "true", "false");
        refuse(
                !(spec.lora().dropout() >= 0 && spec.lora().dropout() < 1),
                "spec.lora.dropout",
                spec.lora().dropout(),
                "at least 0 and below 1");
    }

    private static void refuse(boolean unsupported, String field, Object found, String allowed) {
        if (unsupported) {
            throw Problem.of(FailureReason.InvalidConfiguration, "this trainer does not support the setting")
                    .where(field)
                    .found(found)
                    .allowed(allowed)
                    .remedy("leave the field out")
                    .failure();
        }
    }
}
