package dev.socratic.trainer.storage;

import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * One file over HTTP. What has arrived stays in {@code partial} through cuts, retries and restarts of the process, and
 * becomes the file only when its checksum is right.
 *
 * @param what for messages, such as {@code model.safetensors of google/gemma-2-2b-jpn-it}
 * @param size in bytes, -1 when unknown
 */
record Download(String what, Path partial, long size, Checksum checksum, Source source) {
    static final int RANGE_NOT_SATISFIABLE = 416;
    private static final int PARTIAL_CONTENT = 206;
    private static final int BUFFER = 1 << 20;
    private static final int WRONG_CONTENTS = 3;

    interface Source {
        HttpAnswer open(long offset) throws IOException;
    }

    /**
     * Blocks until {@code target} is whole on disk.
     *
     * @throws IOException of the disk; the network's end in a failure once the attempts are used up
     */
    void to(Path target, RetryPolicy retry) throws IOException {
        Files.createDirectories(partial.getParent());
        RetryPolicy.Attempts attempts = retry.attempts("download " + what);
        for (int wrong = 0; wrong < WRONG_CONTENTS; wrong++) {
            receiveAll(attempts);
            if (checksum.matches(partial)) {
                DurableFiles.move(partial, target);
                return;
            }
            Files.delete(partial);
        }
        throw Problem.of(
                        FailureReason.TryAgain,
                        "what arrives as " + what + " is not what the checksum says, " + WRONG_CONTENTS + " times")
                .allowed(checksum.algorithm() + " " + checksum.expected())
                .remedy("look for a proxy or mirror that alters files, and whether the file has just been replaced")
                .failure();
    }

    private void receiveAll(RetryPolicy.Attempts attempts) {
        while (true) {
            long before = length();
            try {
                receive(before);
                return;
            } catch (IOException cut) {
                if (length() > before) {
                    attempts.progressed();
                }
                attempts.pauseOrGiveUp(cut);
            }
        }
    }

    private void receive(long offset) throws IOException {
        if (size >= 0 && offset == size && size > 0) {
            return;
        }
        if (size >= 0 && offset > size) {
            Files.delete(partial);
            throw new IOException("more had been kept than the file has");
        }
        try (HttpAnswer answer = source.open(offset)) {
            if (answer.status() == RANGE_NOT_SATISFIABLE) {
                Files.deleteIfExists(partial);
                throw new IOException("the server refuses to continue at byte " + offset);
            }
            boolean continues = answer.status() == PARTIAL_CONTENT
                    && answer.header("Content-Range")
                            .map(range -> range.startsWith("bytes " + offset + "-"))
                            .orElse(false);
            long start = continues ? offset : 0;
            long announced = answer.contentLength() < 0 ? -1 : start + answer.contentLength();
            long end = append(answer.body(), start);
            long expected = size >= 0 ? size : announced;
            if (expected >= 0 && end != expected) {
                throw new IOException("the connection ended at byte " + end + " of " + expected);
            }
        }
    }

    private long append(InputStream body, long start) throws IOException {
        try (body;
                FileChannel file = openAt(start)) {
            byte[] buffer = new byte[BUFFER];
            long end = start;
            for (int read = body.read(buffer); read >= 0; read = body.read(buffer)) {
                write(file, ByteBuffer.wrap(buffer, 0, read));
                end += read;
            }
            return end;
        }
    }

    private FileChannel openAt(long start) {
        try {
            FileChannel file = FileChannel.open(partial, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            return file.truncate(start).position(start);
        } catch (IOException unwritable) {
            throw UnwritableFolder.of("SOCRATIC_CACHE", partial.getParent(), unwritable);
        }
    }

    /** A full disk is not the network's fault and no attempt mends it. */
    private void write(FileChannel file, ByteBuffer bytes) {
        try {
            while (bytes.hasRemaining()) {
                file.write(bytes);
            }
        } catch (IOException full) {
            throw UnwritableFolder.of("SOCRATIC_CACHE", partial.getParent(), full);
        }
    }

    private long length() {
        try {
            return Files.exists(partial) ? Files.size(partial) : 0;
        } catch (IOException unreadable) {
            return 0;
        }
    }
}
