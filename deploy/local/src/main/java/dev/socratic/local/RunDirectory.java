package dev.socratic.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * The folder that a local run works in, held by one run at a time. Claims and the cache outlive the run; pods, volumes
 * and the control plane's files are those of the latest run.
 */
final class RunDirectory implements AutoCloseable {
    private final Path folder;
    private final FileChannel channel;

    private RunDirectory(Path folder, FileChannel channel) {
        this.folder = folder;
        this.channel = channel;
    }

    /**
     * Takes the folder and clears what an earlier run left.
     *
     * @throws LocalFailure when another run holds it or it cannot be written
     */
    static RunDirectory take(Path folder) {
        Path real = folder.toAbsolutePath().normalize();
        try {
            Files.createDirectories(real);
            var channel = FileChannel.open(
                    real.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            FileLock lock = tryLock(channel);
            if (lock == null) {
                channel.close();
                throw LocalFailure.configuration("another local run is at work in " + real
                        + "; end it (Ctrl-C in its terminal) or give this one a folder of its own with --state");
            }
            var taken = new RunDirectory(real, channel);
            Leftovers.end(List.of(taken.pods(), taken.controlPlane()));
            clear(taken.pods());
            clear(taken.volumes());
            for (Path needed : new Path[] {taken.pods(), taken.volumes(), taken.claims(), taken.cache()}) {
                Files.createDirectories(needed);
            }
            Files.createDirectories(taken.controlPlane());
            return taken;
        } catch (IOException e) {
            throw LocalFailure.configuration(
                    "cannot write in " + real + ": " + e.getMessage() + "; give another folder with --state");
        }
    }

    Path folder() {
        return folder;
    }

    Path pods() {
        return folder.resolve("pods");
    }

    Path volumes() {
        return folder.resolve("volumes");
    }

    Path claims() {
        return folder.resolve("claims");
    }

    Path cache() {
        return folder.resolve("cache");
    }

    Path controlPlane() {
        return folder.resolve("control-plane");
    }

    Path kubeconfig() {
        return folder.resolve("kubeconfig");
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null;
        }
    }

    private static void clear(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> paths = Files.walk(folder)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
