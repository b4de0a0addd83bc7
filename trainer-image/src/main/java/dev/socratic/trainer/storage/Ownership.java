package dev.socratic.trainer.storage;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Which process writes to an output folder. One holds the lock on {@code .socratic-lock}. A trainer may outlive
 * its pod, on a node that Kubernetes does not hear of: the next one of the same resource asks it by {@code
 * .socratic-hand-over} to end, and waits for the lock. {@code .socratic-holder} names the resource, as another one must
 * not ask.
 */
final class Ownership implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final Path lockFile;
    private final Path holderFile;
    private final Path handOver;
    private final FileLocks locks;
    private final Optional<String> resource;
    private FileLocks.Lock lock;

    /** @param resource whose runs this is one of; empty for one that never asks */
    Ownership(Path folder, FileLocks locks, Optional<String> resource) {
        this.lockFile = folder.resolve(".socratic-lock");
        this.holderFile = folder.resolve(".socratic-holder");
        this.handOver = folder.resolve(".socratic-hand-over");
        this.locks = locks;
        this.resource = resource;
    }

    boolean isHeld() {
        return lock != null;
    }

    /** Whether the folder is this process's now; asks an earlier trainer of the same resource for it, and waits. */
    boolean take() throws IOException {
        if (lock != null) {
            return true;
        }
        lock = locks.tryAcquire(lockFile).orElse(null);
        if (lock == null && isOfThisResource()) {
            DurableFiles.write(handOver, resource.orElseThrow());
            lock = locks.tryAcquire(lockFile, PATIENCE).orElse(null);
        }
        if (lock == null) {
            return false;
        }
        Files.deleteIfExists(handOver);
        if (resource.isPresent()) {
            DurableFiles.write(holderFile, resource.get());
        } else {
            Files.deleteIfExists(holderFile);
        }
        return true;
    }

    boolean isAskedFor() {
        return lock != null && Files.exists(handOver);
    }

    private boolean isOfThisResource() throws IOException {
        return resource.isPresent()
                && Files.exists(holderFile)
                && resource.get().equals(Files.readString(holderFile, StandardCharsets.UTF_8));
    }

    @Override
    public void close() {
        if (lock == null) {
            return;
        }
        try {
            Files.deleteIfExists(holderFile);
            lock.close();
        } catch (IOException endsWithTheProcess) {
            // nothing to do: the lock goes with the process, and the next holder names itself
        }
        lock = null;
    }
}
