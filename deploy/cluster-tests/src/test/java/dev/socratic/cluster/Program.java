package dev.socratic.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A tool of the field, as its users call it: from the folder that {@code SOCRATIC_TEST_TOOLS} names, or from the PATH.
 *
 * @param file the executable
 * @param environment variables beyond those of this process
 * @param folder where it runs
 */
public record Program(Path file, Map<String, String> environment, Path folder) {
    private static final String TOOLS = "SOCRATIC_TEST_TOOLS";

    /** The repository's root. */
    public static final Path ROOT = Path.of("").toAbsolutePath().getParent().getParent();

    /** The tool of this name; the calling test is skipped where it is not installed. */
    public static Program named(String name) {
        Optional<Path> found = find(name);
        assumeTrue(found.isPresent(), "needs " + name + " in the PATH or in $" + TOOLS + " (.ci/tools.sh installs it)");
        return new Program(found.get(), Map.of(), ROOT);
    }

    public static Optional<Path> find(String name) {
        return candidates(name)
                .filter(Files::isRegularFile)
                .filter(Files::isExecutable)
                .findFirst();
    }

    private static Stream<Path> candidates(String name) {
        return Stream.of(System.getenv(TOOLS), System.getenv("PATH"))
                .filter(path -> path != null && !path.isEmpty())
                .flatMap(path -> Stream.of(path.split(File.pathSeparator)))
                .map(folder -> Path.of(folder, name));
    }

    /** A folder of this name among the tools; the calling test is skipped where it is not there. */
    public static Path folder(String name) {
        Optional<Path> found = candidates(name).filter(Files::isDirectory).findFirst();
        assumeTrue(found.isPresent(), "needs " + name + " in $" + TOOLS + " (.ci/tools.sh fetches it)");
        return found.get();
    }

    public Program with(Map<String, String> variables) {
        return new Program(file, variables, folder);
    }

    public Program in(Path where) {
        return new Program(file, environment, where);
    }

    /** What it prints to its standard output; the test fails with all it printed if it ends in an error. */
    public String run(String... arguments) {
        Result result = tryRun(arguments);
        assertThat(result.exitCode())
                .as("%s %s%n%s%s", file.getFileName(), String.join(" ", arguments), result.output(), result.errors())
                .isZero();
        return result.output();
    }

    /** Runs it, whatever the end. */
    public Result tryRun(String... arguments) {
        List<String> command = new ArrayList<>(List.of(file.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
        builder.environment().putAll(environment);
        try {
            Path errors = Files.createTempFile("errors", ".txt");
            try {
                Process process = builder.redirectError(errors.toFile()).start();
                process.getOutputStream().close();
                String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                return new Result(process.waitFor(), output, Files.readString(errors));
            } finally {
                Files.delete(errors);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while " + file + " ran", e);
        }
    }

    /** How a call ended. */
    public record Result(int exitCode, String output, String errors) {}
}
