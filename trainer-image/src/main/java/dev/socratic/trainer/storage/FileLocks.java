package dev.socratic.trainer.storage;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Exclusive locks on files, between processes and between the threads of this one. A lock ends with its holder, so that
 * a killed run leaves nothing to clean up. The set is needed because POSIX drops a process's lock on a file when the
 * process closes any descriptor of that file: a second thread must not even open it.
 */
final class FileLocks {
    private static final Logger LOG = LoggerFactory.getLogger(FileLocks.class);
    private static final long POLL_MILLIS = 50;

    private final Set<Path> held = new HashSet<>();

    /** Waits as long as another holds it. */
    Lock acquire(Path file) throws IOException, InterruptedException {
        while (true) {
            Optional<Lock> lock = tryAcquire(file);
            if (lock.isPresent()) {
                return lock.get();
            }
            Thread.sleep(POLL_MILLIS);
        }
    }

    /** Waits while another holds it, up to {@code patience}; empty where that was not enough. */
    Optional<Lock> tryAcquire(Path file, Duration patience) throws IOException {
        long until = System.nanoTime() + patience.toNanos();
        Optional<Lock> lock = tryAcquire(file);
        while (lock.isEmpty() && System.nanoTime() < until) {
            try {
                Thread.sleep(POLL_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return Optional.empty();
            }
            lock = tryAcquire(file);
        }
        return lock;
    }

    synchronized Optional<Lock> tryAcquire(Path file) throws IOException {
        Path path = file.toAbsolutePath().normalize();
        if (held.contains(path)) {
            return Optional.empty();
        }
        Files.createDirectories(path.getParent());
        FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        if (!lock(channel, path)) {
            channel.close();
            return Optional.empty();
        }
        held.add(path);
        return Optional.of(new Lock(path, channel));
    }

    /** Some network file systems have no locks: contents are checked anyway, so work goes on without. */
    private static boolean lock(FileChannel channel, Path path) {
        try {
            return channel.tryLock() != null;
        } catch (OverlappingFileLockException heldInThisProcess) {
            return false;
        } catch (IOException unsupported) {
            LOG.warn("The file system of {} has no locks; going on without", path);
            return true;
        }
    }

    private synchronized void release(Lock lock) throws IOException {
        lock.channel.close();
        held.remove(lock.path);
    }

    final class Lock implements AutoCloseable {
        private final Path path;
        private final FileChannel channel;

        private Lock(Path path, FileChannel channel) {
            this.path = path;
            this.channel = channel;
        }

        @Override
        public void close() throws IOException {
            release(this);
        }
    }
}
