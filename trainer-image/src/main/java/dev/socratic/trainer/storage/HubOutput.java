package dev.socratic.trainer.storage;

import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import dev.socratic.trainer.storage.HubUploads.LargeFile;
import dev.socratic.trainer.storage.HubUploads.NewFile;
import dev.socratic.trainer.storage.HubUploads.UploadMode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code hf://OWNER/NAME[/PATH]} as an output: a model repository that gets the files in one commit, so that it never has
 * half of a result. One that is not there yet is made, visible to its owner alone.
 */
final class HubOutput implements Destination {
    private static final Logger LOG = LoggerFactory.getLogger(HubOutput.class);

    private final StorageSettings settings;
    private final HubRepository repository;
    private final HubUploads hub;
    private final LfsUploads large;

    HubOutput(StorageSettings settings, StorageUri uri) {
        this.settings = settings;
        this.repository = HubRepository.parse(uri, Storage.OUTPUT_FIELD);
        if (!repository.type().equals(HubRepository.MODELS)) {
            throw Problem.of(FailureReason.InvalidConfiguration, "an adapter goes to a model's repository")
                    .where(Storage.OUTPUT_FIELD)
                    .found(uri)
                    .allowed("hf://OWNER/NAME[/PATH]")
                    .failure();
        }
        HubWrites writes = new HubWrites(settings, repository);
        this.hub = new HubUploads(settings.hubEndpoint(), repository, writes);
        this.large = new LfsUploads(settings.hubEndpoint(), repository, writes);
    }

    /** Where the files lie until they are delivered. */
    Path folder() {
        return settings.outputs().resolve(repository.cacheFolder()).resolve(repository.path());
    }

    @Override
    public void check() {
        hub.create();
    }

    @Override
    public void deliver(Path folder, List<String> files) {
        try {
            List<NewFile> all = new ArrayList<>();
            for (String file : files) {
                all.add(NewFile.of(inRepository(file), folder.resolve(file)));
            }
            Map<String, UploadMode> modes = hub.modes(all);
            List<NewFile> inCommit = new ArrayList<>();
            List<LargeFile> stored = new ArrayList<>();
            for (NewFile file : all) {
                switch (modes.getOrDefault(file.path(), UploadMode.REGULAR)) {
                    case LFS -> stored.add(new LargeFile(file, Checksum.sha256Of(file.content())));
                    case REGULAR -> inCommit.add(file);
                    case KEPT -> LOG.info("{} of {} stays as it is", file.path(), repository.id());
                }
            }
            large.store(stored);
            String commit = hub.commit("Upload the result of a fine-tuning", inCommit, stored);
            LOG.info("{} files are in commit {} of {}", inCommit.size() + stored.size(), commit, repository.id());
        } catch (IOException unreadable) {
            throw UnwritableFolder.of(Storage.OUTPUT_FIELD, folder, unreadable);
        }
    }

    private String inRepository(String file) {
        return repository.path().isEmpty() ? file : repository.path() + "/" + file;
    }
}
