package dev.socratic.trainer.storage;

import dev.socratic.trainer.failure.Problem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** {@code file:///PATH}, for the command line: the CRD refuses it. */
final class LocalFiles implements Scheme {
    @Override
    public ResolvedInput resolve(StorageUri uri, InputOptions options) {
        return resolve(Path.of(uri.rest()), uri, options, "check the path; it is read on the machine that trains");
    }

    @Override
    public Optional<OutputPlace> output(StorageUri uri) {
        return Optional.of(OutputPlace.at(Path.of(uri.rest()).toAbsolutePath()));
    }

    /** A folder for models and adapters, a file for datasets, or a failure that says what is there instead. */
    static ResolvedInput resolve(Path path, StorageUri uri, InputOptions options, String remedy) {
        InputKind kind = options.kind();
        if (kind.isSingleFile() ? Files.isRegularFile(path) : Files.isDirectory(path)) {
            return ResolvedInput.at(path.toAbsolutePath());
        }
        String what = !Files.exists(path)
                ? "there is no " + path
                : kind.isSingleFile() ? path + " is a folder, not a file" : path + " is a file, not a folder";
        Problem problem = Problem.of(kind.missing(), what).where(kind.field()).found(uri);
        throw neighbours(path)
                .map(names -> problem.allowed(names))
                .orElse(problem)
                .remedy(remedy)
                .failure();
    }

    /** A few names next to where the path ends, since most such failures are typing errors. */
    private static Optional<String> neighbours(Path path) {
        Path folder = Files.isDirectory(path) ? path : path.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            return Optional.empty();
        }
        try (Stream<Path> entries = Files.list(folder)) {
            String names = entries.map(entry -> entry.getFileName().toString())
                    .filter(name -> !name.startsWith("."))
                    .sorted()
                    .limit(10)
                    .collect(Collectors.joining(", "));
            return Optional.of(
                    names.isEmpty() ? "nothing, " + folder + " is empty" : "what is in " + folder + ": " + names);
        } catch (IOException | UncheckedIOException unreadable) {
            return Optional.empty();
        }
    }
}
