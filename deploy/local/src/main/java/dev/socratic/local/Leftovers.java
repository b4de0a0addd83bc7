package dev.socratic.local;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Processes of an earlier run that was killed before it could end them: those whose command line names a file of the
 * run's folder, and their children. Only the holder of the folder's lock may ask, as everything of its own starts later.
 */
final class Leftovers {
    private Leftovers() {}

    /** Ends them, and returns when they are gone. */
    static void end(List<Path> folders) {
        List<ProcessHandle> found = ProcessHandle.allProcesses()
                .filter(process -> process.pid() != ProcessHandle.current().pid())
                .filter(process -> names(commandLine(process), folders))
                .flatMap(process -> Stream.concat(Stream.of(process), process.descendants()))
                .toList();
        found.forEach(ProcessHandle::destroyForcibly);
        found.forEach(process -> process.onExit().join());
    }

    private static boolean names(String commandLine, List<Path> folders) {
        return folders.stream().anyMatch(folder -> commandLine.contains(folder + "/"));
    }

    /** Linux keeps the name that a program was called by in /proc alone. */
    private static String commandLine(ProcessHandle process) {
        Path arguments = Path.of("/proc/" + process.pid() + "/cmdline");
        try {
            return Files.exists(arguments)
                    ? new String(Files.readAllBytes(arguments), StandardCharsets.UTF_8)
                    : process.info().commandLine().orElse("");
        } catch (IOException e) {
            return "";
        }
    }
}
