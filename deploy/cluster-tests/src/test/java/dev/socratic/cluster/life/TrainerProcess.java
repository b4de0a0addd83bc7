package dev.socratic.cluster.life;

import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A pod's trainer as this machine sees it: a process. */
final class TrainerProcess {
    private TrainerProcess() {}

    static ProcessHandle of(Pod pod) {
        String hostname = "HOSTNAME=" + pod.getMetadata().getName() + "\0";
        return ProcessHandle.allProcesses()
                .filter(process -> read(process, "environ").contains(hostname))
                .filter(process -> read(process, "cmdline").contains("socratic"))
                .findFirst()
                .orElseThrow(() ->
                        new AssertionError("no process of " + pod.getMetadata().getName()));
    }

    /** As the kernel kills: without a word. */
    static void kill(Pod pod) {
        of(pod).destroyForcibly();
    }

    static String environment(Pod pod) {
        return read(of(pod), "environ");
    }

    static String commandLine(ProcessHandle process) {
        return read(process, "cmdline");
    }

    private static String read(ProcessHandle process, String file) {
        try {
            return Files.readString(Path.of("/proc", String.valueOf(process.pid()), file), StandardCharsets.ISO_8859_1);
        } catch (IOException gone) {
            return "";
        }
    }
}
