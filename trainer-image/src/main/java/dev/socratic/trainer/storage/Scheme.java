package dev.socratic.trainer.storage;

import java.nio.file.Path;
import java.util.Optional;

/** One kind of storage. */
interface Scheme {
    /** @return a path that exists and is complete */
    ResolvedInput resolve(StorageUri uri, InputOptions options);

    /** The folder behind an output, or empty where nothing can be written in this scheme. */
    default Optional<Path> outputFolder(StorageUri uri) {
        return Optional.empty();
    }

    /** Where an output goes on to from that folder. */
    default Destination destination(StorageUri uri) {
        return Destination.NONE;
    }
}
