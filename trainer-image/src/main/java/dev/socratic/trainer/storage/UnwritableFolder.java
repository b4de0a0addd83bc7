package dev.socratic.trainer.storage;

import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import dev.socratic.trainer.failure.TrainerFailure;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.Locale;

/** What an IOException at writing means for the person who owns the folder. */
public final class UnwritableFolder {
    private UnwritableFolder() {}

    /** @param where the field or variable that names the folder, such as {@code spec.output.uri} */
    public static TrainerFailure of(String where, Path folder, IOException cause) {
        String said = reason(cause);
        String text = said.toLowerCase(Locale.ROOT);
        Problem problem = Problem.of(FailureReason.OutputNotWritable, "cannot write to " + folder)
                .where(where)
                .found(said);
        if (text.contains("no space") || text.contains("quota")) {
            return full(problem).failure(cause);
        }
        if (text.contains("read-only")) {
            return problem.remedy("mount the volume read-write, or choose another folder")
                    .failure(cause);
        }
        if (cause instanceof AccessDeniedException || text.contains("permission")) {
            return problem.remedy("let the user that runs the trainer write there (in a pod: securityContext.fsGroup)")
                    .failure(cause);
        }
        return problem.remedy("check that the folder exists, is a folder and its volume works")
                .failure(cause);
    }

    static Problem full(Problem problem) {
        return problem.remedy("free space on the volume, enlarge it, or choose another one");
    }

    private static String reason(IOException cause) {
        String text = cause instanceof FileSystemException file ? file.getReason() : cause.getMessage();
        return text == null ? cause.getClass().getSimpleName() : text;
    }
}
