package dev.socratic.trainer.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A script among the resources, run by an interpreter that has the packages which are compared with.
 *
 * @param folder takes the script
 * @param name of the resource
 */
record PythonScript(String python, Path folder, String name) {
    private static final JsonMapper JSON = new JsonMapper();
    private static final String PACKAGES = "torch, transformers, peft, bitsandbytes";

    /** What the script prints in its last line, as JSON. */
    <T> T result(Class<T> type, String... arguments) {
        List<String> lines = start(arguments);
        String last = lines.isEmpty() ? "" : lines.get(lines.size() - 1);
        try {
            return JSON.readValue(last, type);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the peer printed " + last, e);
        }
    }

    /** Checks the interpreter and puts the script into the folder: once, before it is run. */
    void place() {
        requirePackages();
        try (InputStream resource = PythonScript.class.getResourceAsStream(name)) {
            Files.copy(resource, folder.resolve(name));
        } catch (IOException e) {
            throw unwritable(e);
        }
    }

    /** Runs it to its end, and gives the lines that it printed. */
    List<String> start(String... arguments) {
        List<String> command =
                new ArrayList<>(List.of(python, folder.resolve(name).toString()));
        command.addAll(List.of(arguments));
        Finished finished = finished(command);
        if (finished.exitCode != 0) {
            throw Problem.of(FailureReason.InternalError, "the comparison did not run to its end")
                    .where(String.join(" ", command))
                    .found("exit code " + finished.exitCode + ": " + String.join("\n", finished.lines))
                    .failure();
        }
        return finished.lines;
    }

    static UncheckedIOException unwritable(IOException e) {
        return new UncheckedIOException("cannot write to the folder for temporary files", e);
    }

    private void requirePackages() {
        Finished finished = finished(List.of(python, "-c", "import " + PACKAGES));
        if (finished.exitCode != 0) {
            String found = finished.lines.isEmpty()
                    ? "exit code " + finished.exitCode
                    : finished.lines.get(finished.lines.size() - 1);
            throw invalid("the interpreter cannot import what is compared with", found)
                    .remedy(python + " -m pip install torch transformers peft bitsandbytes accelerate")
                    .failure();
        }
    }

    private record Finished(int exitCode, List<String> lines) {}

    private static Finished finished(List<String> command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            List<String> lines = new ArrayList<>();
            process.inputReader().lines().filter(line -> !line.isBlank()).forEach(lines::add);
            return new Finished(process.waitFor(), lines);
        } catch (IOException e) {
            throw invalid("the interpreter cannot be started", e.getMessage())
                    .remedy("name a Python that has " + PACKAGES)
                    .failure(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static Problem invalid(String what, String found) {
        return Problem.of(FailureReason.InvalidConfiguration, what)
                .where("--compare")
                .found(found)
                .allowed("a Python interpreter with " + PACKAGES);
    }
}
