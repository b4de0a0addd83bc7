package dev.socratic.operator.decide;

/**
 * Something of a run that the operator could not create.
 *
 * @param object kind, namespace and name, for people
 * @param message the API server's or that of an admission webhook; the operator's own where it did not ask them
 */
public record Refusal(Cause cause, String object, String message) {
    /** What it takes until it may be tried again with hope. */
    public enum Cause {
        /** Quota, admission or permissions: somebody has to mend something. */
        REFUSED,
        /** The spec asks for what no object can be: it has to change. */
        INVALID,
        /** The spec is longer than a pod can carry: it has to change. */
        TOO_LONG,
        /** An object of that name is there, and another's. */
        NAME_TAKEN,
        /** What an earlier resource of the same name had is being deleted. */
        LEFTOVER
    }
}
