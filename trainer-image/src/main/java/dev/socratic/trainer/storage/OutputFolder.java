package dev.socratic.trainer.storage;

import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * The folder that a run's results appear in. Files are written to {@link #staging()} and appear together in {@link
 * #publish()}: first the whole staging folder is renamed to {@code .socratic-publishing}, which decides, then its files take
 * their places. A run that dies in between is completed by the next {@link #checkWritable}; one that dies before
 * leaves what was there. {@code metrics.jsonl} is appended to in {@link #folder()} while training.
 */
public final class OutputFolder implements AutoCloseable {
    public static final String ADAPTER_WEIGHTS = "adapter_model.safetensors";
    public static final String METRICS = "metrics.jsonl";

    private static final String STAGING = ".socratic-staging";
    private static final String DECIDED = ".socratic-publishing";
    private static final String PROBE = ".socratic-probe";

    private final String uri;
    private final Path folder;
    private final Ownership ownership;
    private final Destination destination;

    OutputFolder(String uri, OutputPlace place, Ownership ownership) {
        this.uri = uri;
        this.folder = place.folder();
        this.destination = place.destination();
        this.ownership = ownership;
    }

    public String uri() {
        return uri;
    }

    public Path folder() {
        return folder;
    }

    /** URI of a file in the folder, for the status: {@code pvc://adapters/socratic-ja/report.html}. */
    public String uriOf(String fileName) {
        return uri.replaceAll("/+$", "") + "/" + fileName;
    }

    /**
     * Creates the folder, takes it for this process until {@link #close}, and writes to it: before hours of training,
     * not after.
     *
     * @throws dev.socratic.trainer.failure.TrainerFailure OutputNotWritable, or TryAgain while another
     *     resource's run holds it, or an earlier one of this resource does not let go
     */
    public void checkWritable() {
        try {
            Files.createDirectories(folder);
            if (!ownership.take()) {
                throw taken();
            }
            destination.check();
            if (Files.isDirectory(folder.resolve(DECIDED))) {
                moveIntoPlace();
            }
            DurableFiles.write(folder.resolve(PROBE), "x".repeat(4096));
            Files.delete(folder.resolve(PROBE));
        } catch (IOException unwritable) {
            throw UnwritableFolder.of(Storage.OUTPUT_FIELD, folder, unwritable);
        }
    }

    /** @param bytesNeeded what the run will write, as well as it is known */
    public void checkSpace(long bytesNeeded) {
        try {
            FileStore store = Files.getFileStore(folder);
            if (store.getUsableSpace() < bytesNeeded) {
                throw UnwritableFolder.full(
                                Problem.of(FailureReason.OutputNotWritable, "the volume of " + folder + " is too full")
                                        .where(Storage.OUTPUT_FIELD)
                                        .found(store.getUsableSpace() + " bytes free")
                                        .allowed("at least " + bytesNeeded + " bytes"))
                        .failure();
            }
        } catch (IOException unwritable) {
            throw UnwritableFolder.of(Storage.OUTPUT_FIELD, folder, unwritable);
        }
    }

    /** A new empty folder on the same volume; what an earlier, unfinished run left there is removed. */
    public Path staging() {
        Path staging = folder.resolve(STAGING);
        try {
            removeAll(staging);
            return Files.createDirectories(staging);
        } catch (IOException unwritable) {
            throw UnwritableFolder.of(Storage.OUTPUT_FIELD, folder, unwritable);
        }
    }

    /** Publishes an adapter in {@link #staging()} as {@link #publishModel()} does. */
    public PublishedOutput publish() {
        try {
            String sha256 = Checksum.sha256Of(folder.resolve(STAGING).resolve(ADAPTER_WEIGHTS));
            return new PublishedOutput(uri, sha256, publishFiles());
        } catch (IOException unreadable) {
            throw UnwritableFolder.of(Storage.OUTPUT_FIELD, folder, unreadable);
        }
    }

    /** Publishes what is in {@link #staging()}: here, and from here to where the URI says. */
    public PublishedModel publishModel() {
        return new PublishedModel(uri, publishFiles());
    }

    private long publishFiles() {
        Path staging = folder.resolve(STAGING);
        try {
            List<String> delivered = new ArrayList<>();
            long size = 0;
            for (Path file : filesIn(staging)) {
                DurableFiles.sync(file);
                size += Files.size(file);
                delivered.add(staging.relativize(file).toString());
            }
            if (Files.exists(folder.resolve(METRICS))) {
                delivered.add(METRICS);
            }
            Files.move(staging, folder.resolve(DECIDED), StandardCopyOption.ATOMIC_MOVE);
            DurableFiles.sync(folder);
            moveIntoPlace();
            destination.deliver(folder, delivered);
            return size;
        } catch (IOException unwritable) {
            throw UnwritableFolder.of(Storage.OUTPUT_FIELD, folder, unwritable);
        }
    }

    private void moveIntoPlace() throws IOException {
        Path decided = folder.resolve(DECIDED);
        for (Path file : filesIn(decided)) {
            DurableFiles.move(file, folder.resolve(decided.relativize(file)));
        }
        removeAll(decided);
    }

    private RuntimeException taken() {
        return Problem.of(FailureReason.TryAgain, "another run is writing to the output folder")
                .where(Storage.OUTPUT_FIELD)
                .found(uri)
                .remedy("wait until it has ended, or give this run another output.uri")
                .failure();
    }

    private static List<Path> filesIn(Path root) throws IOException {
        try (Stream<Path> tree = Files.walk(root)) {
            return tree.filter(Files::isRegularFile).sorted().toList();
        }
    }

    private static void removeAll(Path root) throws IOException {
        if (!Files.exists(root)) {
            return;
        }
        try (Stream<Path> tree = Files.walk(root)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    /** Whether a later trainer of the same resource waits for the folder: this one was given up, and should end. */
    public boolean isAskedFor() {
        return ownership.isAskedFor();
    }

    /** Gives the folder back. What was staged and not published is removed. */
    @Override
    public void close() {
        if (ownership.isHeld()) {
            try {
                removeAll(folder.resolve(STAGING));
            } catch (IOException left) {
                // the next run removes it before it stages its own
            }
        }
        ownership.close();
    }
}
