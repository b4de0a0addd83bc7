package dev.socratic.trainer.storage;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/** Renames that survive a loss of power: content first, then the name, then the folder that holds the name. */
final class DurableFiles {
    private DurableFiles() {}

    /** Replaces {@code target} by {@code source} in one step; both are in one file system. */
    static void move(Path source, Path target) throws IOException {
        sync(source);
        Files.createDirectories(target.getParent());
        Files.move(source, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        sync(target.getParent());
    }

    /** A small text, whole or not at all. */
    static void write(Path target, String text) throws IOException {
        Files.createDirectories(target.getParent());
        Path beside = target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".tmp");
        try {
            Files.writeString(beside, text);
            move(beside, target);
        } finally {
            Files.deleteIfExists(beside);
        }
    }

    /** Of a file, or of a folder's entries where the file system can. */
    static void sync(Path path) throws IOException {
        boolean folder = Files.isDirectory(path);
        try (FileChannel channel =
                FileChannel.open(path, folder ? StandardOpenOption.READ : StandardOpenOption.WRITE)) {
            channel.force(true);
        } catch (IOException unsupported) {
            if (!folder) {
                throw unsupported;
            }
        }
    }
}
