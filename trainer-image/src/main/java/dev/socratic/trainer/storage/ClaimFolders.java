package dev.socratic.trainer.storage;

import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** {@code pvc://CLAIM/PATH}: the operator mounts each claim of the resource under one root by its name. */
final class ClaimFolders implements Scheme {
    private final Path root;

    ClaimFolders(Path root) {
        this.root = root;
    }

    @Override
    public ResolvedInput resolve(StorageUri uri, InputOptions options) {
        Path path = within(root, uri, options.kind().field());
        return LocalFiles.resolve(
                path, uri, options, "check the path inside the PersistentVolumeClaim, and that the files were copied");
    }

    @Override
    public Optional<OutputPlace> output(StorageUri uri) {
        return Optional.of(OutputPlace.at(within(root, uri, "spec.output.uri")));
    }

    /** @throws dev.socratic.trainer.failure.TrainerFailure when the path would leave the volume */
    static Path within(Path root, StorageUri uri, String field) {
        List<String> segments = uri.segments();
        if (segments.isEmpty() || segments.contains("..") || segments.contains(".")) {
            throw Problem.of(FailureReason.InvalidConfiguration, "the path must name a volume and stay in it")
                    .where(field)
                    .found(uri)
                    .allowed(uri.scheme() + "://NAME/PATH without . and .. in PATH")
                    .failure();
        }
        return root.resolve(String.join("/", segments));
    }
}
