package dev.socratic.trainer.storage;

import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import java.util.Arrays;
import java.util.List;

/**
 * {@code scheme://rest}, where rest is taken as written: paths may hold spaces, percent signs and any script.
 */
record StorageUri(String scheme, String rest) {
    private static final String SEPARATOR = "://";

    /** @throws dev.socratic.trainer.failure.TrainerFailure InvalidConfiguration naming {@code field} */
    static StorageUri parse(String text, String field) {
        int at = text == null ? -1 : text.indexOf(SEPARATOR);
        if (at < 1 || at + SEPARATOR.length() == text.length()) {
            throw Problem.of(FailureReason.InvalidConfiguration, "is no URI of a storage")
                    .where(field)
                    .found(text)
                    .allowed("SCHEME://…, for example hf://OWNER/NAME, pvc://CLAIM/PATH or file:///PATH")
                    .failure();
        }
        return new StorageUri(text.substring(0, at), text.substring(at + SEPARATOR.length()));
    }

    /** The rest without empty segments. */
    List<String> segments() {
        return Arrays.stream(rest.split("/")).filter(part -> !part.isEmpty()).toList();
    }

    @Override
    public String toString() {
        return scheme + SEPARATOR + rest;
    }
}
