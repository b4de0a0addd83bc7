package dev.socratic.operator.decide;

/**
 * Something of a run that the API server did not let the operator create.
 *
 * @param object kind, namespace and name, for people
 * @param message the API server's, or that of an admission webhook
 */
public record Refusal(Cause cause, String object, String message) {
    /** What it takes until it may be tried again with hope. */
    public enum Cause {
        /** Quota, admission or permissions: somebody has to mend something. */
        REFUSED,
        /** The spec asks for what no object can be: it has to change. */
        INVALID,
        /** An object of that name is there, and another's. */
        NAME_TAKEN,
        /** What an earlier resource of the same name had is being deleted. */
        LEFTOVER
    }
}
