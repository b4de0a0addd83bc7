package dev.socratic.operator.observe;

/**
 * Something that the run needs and that is not there.
 *
 * @param field field of the resource that names it
 * @param key the key that is missing where the object itself is there, or null
 */
public record MissingReference(Kind kind, String name, String field, String key) {
    public enum Kind {
        /** ConfigMap of the user. */
        CONFIG_MAP,
        /** PersistentVolumeClaim of the user. */
        CLAIM,
        /** What the operator makes for the run itself. */
        OWN
    }
}
