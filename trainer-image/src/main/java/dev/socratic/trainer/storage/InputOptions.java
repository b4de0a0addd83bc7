package dev.socratic.trainer.storage;

import java.util.Objects;

/**
 * @param kind what the input is for
 * @param revision branch, tag or commit of a hub repository; other schemes ignore it
 */
public record InputOptions(InputKind kind, String revision) {
    private static final String DEFAULT_BRANCH = "main";

    public InputOptions {
        Objects.requireNonNull(kind);
        revision = revision == null || revision.isBlank() ? DEFAULT_BRANCH : revision;
    }

    public static InputOptions of(InputKind kind) {
        return new InputOptions(kind, null);
    }
}
