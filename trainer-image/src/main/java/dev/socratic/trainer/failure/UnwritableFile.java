package dev.socratic.trainer.failure;

import java.io.IOException;
import java.nio.file.Path;

/** What an IOException at writing a result's file means for the person who wants it. */
public final class UnwritableFile {
    private UnwritableFile() {}

    public static TrainerFailure of(Path file, IOException cause) {
        return Problem.of(FailureReason.OutputNotWritable, "the file cannot be written (" + cause.getMessage() + ")")
                .where(file.toString())
                .remedy("free space there, or choose an output that may be written")
                .failure(cause);
    }
}
