package dev.socratic.trainer.storage;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/**
 * One repository in the hub's standard cache, which {@code huggingface_hub} reads and writes as well: {@code blobs/ETAG}
 * holds contents, {@code snapshots/COMMIT/PATH} links to them, {@code refs/BRANCH} holds a commit, and
 * {@code .locks/REPOSITORY/ETAG.lock} beside the repository guards a blob. Layout: cache guide of huggingface_hub.
 */
final class HubCache {
    private final Path folder;
    private final Path lockFolder;
    private final FileLocks locks;

    HubCache(Path root, HubRepository repository, FileLocks locks) {
        folder = root.resolve(repository.cacheFolder());
        this.locks = locks;
        lockFolder = root.resolve(".locks").resolve(repository.cacheFolder());
    }

    Path snapshot(String commit) {
        return folder.resolve("snapshots").resolve(commit);
    }

    boolean has(String commit, String path) {
        return Files.exists(snapshot(commit).resolve(path));
    }

    Path blob(HubFile file) {
        return folder.resolve("blobs").resolve(file.etag());
    }

    /** Of another name than huggingface_hub's, whose partial files are not resumed and may be removed. */
    Path partial(HubFile file) {
        return folder.resolve("blobs").resolve(file.etag() + ".socratic.incomplete");
    }

    FileLocks.Lock lock(HubFile file) throws IOException, InterruptedException {
        return locks.acquire(lockFolder.resolve(file.etag() + ".lock"));
    }

    /** Makes the blob appear under its path in the snapshot; a copy where the file system has no links. */
    void link(String commit, HubFile file) throws IOException {
        Path pointer = snapshot(commit).resolve(file.path());
        Files.createDirectories(pointer.getParent());
        Path blob = blob(file);
        if (Files.exists(pointer)) {
            return;
        }
        if (Files.exists(pointer, LinkOption.NOFOLLOW_LINKS)) {
            Files.delete(pointer);
        }
        try {
            Files.createSymbolicLink(pointer, pointer.getParent().relativize(blob));
        } catch (FileAlreadyExistsException madeByAnother) {
            return;
        } catch (UnsupportedOperationException | FileSystemException noLinks) {
            Files.copy(blob, pointer);
        }
    }

    /** So that a later offline run knows which commit a branch or tag meant. */
    void rememberRevision(String revision, String commit) throws IOException {
        Path ref = folder.resolve("refs").resolve(revision).normalize();
        if (revision.equals(commit) || !ref.startsWith(folder.resolve("refs"))) {
            return;
        }
        if (!Files.exists(ref) || !Files.readString(ref).equals(commit)) {
            DurableFiles.write(ref, commit);
        }
    }
}
