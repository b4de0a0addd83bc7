package dev.socratic.trainer.storage;

import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import java.nio.file.Path;

/** {@code configmap://NAME/KEY}: mounted by the operator; a ConfigMap holds up to 1 MiB, hence datasets only. */
final class ConfigMapFiles implements Scheme {
    private final Path root;

    ConfigMapFiles(Path root) {
        this.root = root;
    }

    @Override
    public ResolvedInput resolve(StorageUri uri, InputOptions options) {
        if (!options.kind().isSingleFile() || uri.segments().size() != 2) {
            throw Problem.of(FailureReason.InvalidConfiguration, "a ConfigMap gives one dataset file")
                    .where(options.kind().field())
                    .found(uri)
                    .allowed("configmap://NAME/KEY in spec.dataset; hf://, pvc:// and file:// elsewhere")
                    .failure();
        }
        Path path = ClaimFolders.within(root, uri, options.kind().field());
        return LocalFiles.resolve(path, uri, options, "check the ConfigMap's name and key with kubectl get configmap");
    }
}
