package dev.socratic.trainer.model;

import java.util.Locale;

/** Whose keys a query sees, by the names in {@code layer_types}. */
enum LayerType {
    /** All that come before it. */
    FULL_ATTENTION,
    /** The last {@code sliding_window} of them. */
    SLIDING_ATTENTION;

    String key() {
        return name().toLowerCase(Locale.ROOT);
    }
}
