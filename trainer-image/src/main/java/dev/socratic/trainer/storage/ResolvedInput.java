package dev.socratic.trainer.storage;

import java.nio.file.Path;
import java.util.Optional;

/**
 * @param path a folder for models and adapters, a file for datasets; read-only to the caller
 * @param revision the commit, for hub repositories
 */
public record ResolvedInput(Path path, Optional<String> revision) {
    static ResolvedInput at(Path path) {
        return new ResolvedInput(path, Optional.empty());
    }
}
