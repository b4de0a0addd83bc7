package dev.socratic.cluster.life;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The processes that the cluster is made of, by the ids that its start scripts leave beside its kubeconfig: {@code
 * run/etcd.pid}, {@code run/apiserver.pid}, {@code run/kubelet0.pid}.
 */
record ClusterParts(Path run) {
    /** The calling test is skipped where the cluster's processes are not this machine's. */
    static ClusterParts besideKubeconfig(Path kubeconfig) {
        Path run = kubeconfig.resolveSibling("run");
        assumeTrue(Files.isDirectory(run), "needs the process ids of the cluster's parts in " + run);
        return new ClusterParts(run);
    }

    void pause(String part) {
        signal("STOP", part);
    }

    void resume(String part) {
        signal("CONT", part);
    }

    /** A part that was killed, and how to start it again. */
    record Killed(Path pidFile, List<String> command, Path log) {
        void start() {
            try {
                Process process = new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                        .redirectInput(new File("/dev/null"))
                        .start();
                Files.writeString(pidFile, process.pid() + "\n");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** As a machine fails: without a word. */
    Killed kill(String part) {
        try {
            ProcessHandle process = process(part);
            Path proc = Path.of("/proc", String.valueOf(process.pid()));
            List<String> command =
                    new ArrayList<>(List.of(Files.readString(proc.resolve("cmdline"), StandardCharsets.UTF_8)
                            .split("\0")));
            Path binaries = proc.resolve("exe").toRealPath().getParent();
            command.set(
                    0, binaries.resolve(Path.of(command.get(0)).getFileName()).toString());
            process.destroyForcibly();
            process.onExit().orTimeout(30, TimeUnit.SECONDS).join();
            return new Killed(pidFile(part), command, run.resolveSibling("log").resolve(part + ".log"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void signal(String name, String part) {
        try {
            Process kill = new ProcessBuilder(
                            "kill", "-" + name, String.valueOf(process(part).pid()))
                    .inheritIO()
                    .start();
            if (kill.waitFor() != 0) {
                throw new AssertionError("kill -" + name + " " + part);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private ProcessHandle process(String part) {
        try {
            long pid = Long.parseLong(Files.readString(pidFile(part)).strip());
            return ProcessHandle.of(pid).orElseThrow(() -> new AssertionError(part + " does not run"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path pidFile(String part) {
        return run.resolve(part + ".pid");
    }
}
