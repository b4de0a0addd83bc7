package dev.socratic.trainer.failure;

import java.util.Objects;

/**
 * What went wrong, in the parts that a person needs to mend it. Only {@code reason} and {@code what} are required; the
 * others are null where they would say nothing.
 *
 * @param what the fact, in one clause without a final stop
 * @param where the field, or file with line: {@code spec.model.uri}, {@code train.jsonl:17}
 * @param found the value or text that was met there
 * @param allowed the values that would do
 * @param remedy what to do about it, in the imperative
 */
public record Problem(FailureReason reason, String what, String where, String found, String allowed, String remedy) {
    public Problem {
        Objects.requireNonNull(reason);
        Objects.requireNonNull(what);
    }

    public static Problem of(FailureReason reason, String what) {
        return new Problem(reason, what, null, null, null, null);
    }

    public Problem where(String fieldOrFile) {
        return new Problem(reason, what, fieldOrFile, found, allowed, remedy);
    }

    public Problem found(Object value) {
        return new Problem(reason, what, where, String.valueOf(value), allowed, remedy);
    }

    public Problem allowed(String values) {
        return new Problem(reason, what, where, found, values, remedy);
    }

    public Problem remedy(String imperative) {
        return new Problem(reason, what, where, found, allowed, imperative);
    }

    public TrainerFailure failure() {
        return new TrainerFailure(this);
    }

    public TrainerFailure failure(Throwable cause) {
        return new TrainerFailure(this, cause);
    }

    /** One line: {@code where: what: found "…"; allowed: …; what to do: …}. */
    public String message() {
        StringBuilder text = new StringBuilder();
        if (where != null) {
            text.append(where).append(": ");
        }
        text.append(what);
        if (found != null) {
            text.append(": found \"").append(found).append('"');
        }
        if (allowed != null) {
            text.append("; allowed: ").append(allowed);
        }
        if (remedy != null) {
            text.append("; what to do: ").append(remedy);
        }
        return text.toString();
    }
}
