package dev.socratic.trainer.storage;

import java.util.Optional;

/** One kind of storage. */
interface Scheme {
    /** @return a path that exists and is complete */
    ResolvedInput resolve(StorageUri uri, InputOptions options);

    /** Where an output is written, or empty where nothing can be in this scheme. */
    default Optional<OutputPlace> output(StorageUri uri) {
        return Optional.empty();
    }
}
