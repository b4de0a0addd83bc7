package dev.socratic.trainer.train;

import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;

/** Refuses settings that contradict each other or mean nothing: no option is ignored. */
public final class Unsupported {
    private Unsupported() {}

    /** @throws dev.socratic.trainer.failure.TrainerFailure naming the field */
    public static void refuse(SocraticFineTuneSpec spec) {
        boolean evaluated = spec.dataset().evalUri() != null || spec.dataset().evalSplit() != null;
        refuse(
                spec.training().earlyStoppingPatience() != null
                        && (!evaluated || spec.training().evalEverySteps() == 0),
                "spec.training.earlyStoppingPatience",
                spec.training().earlyStoppingPatience(),
                "with dataset.evalUri or dataset.evalSplit, and training.evalEverySteps above 0");
        refuse(
                spec.dataset().evalUri() != null && spec.dataset().evalSplit() != null,
                "spec.dataset.evalSplit",
                spec.dataset().evalSplit(),
                "without dataset.evalUri");
        refuse(
                !(spec.lora().dropout() >= 0 && spec.lora().dropout() < 1),
                "spec.lora.dropout",
                spec.lora().dropout(),
                "at least 0 and below 1");
    }

    private static void refuse(boolean unsupported, String field, Object found, String allowed) {
        if (unsupported) {
            throw Problem.of(FailureReason.InvalidConfiguration, "the setting cannot be carried out")
                    .where(field)
                    .found(found)
                    .allowed(allowed)
                    .remedy("change the field, or leave it out")
                    .failure();
        }
    }
}
