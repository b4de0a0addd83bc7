package dev.socratic.operator.observe;

/**
 * Something that the run needs and that is not there, or not ready.
 *
 * @param field field of the resource that names it, or null for what the run itself has
 * @param key the key that is missing where the object itself is there, or null
 */
public record MissingReference(Kind kind, String name, String field, String key) {
    public enum Kind {
        /** ConfigMap of the user. */
        CONFIG_MAP,
        /** PersistentVolumeClaim of the user. */
        CLAIM,
        /** A claim, of the user or the run itself, that has no volume. */
        UNBOUND_CLAIM,
        /** What the operator makes for the run itself. */
        OWN
    }
}
