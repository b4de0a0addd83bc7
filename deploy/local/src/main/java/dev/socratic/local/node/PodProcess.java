package dev.socratic.local.node;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A pod's process with its children: SIGTERM first, SIGKILL when its grace is over. */
final class PodProcess {
    private final Process process;
    private final Instant startedAt;
    private volatile List<ProcessHandle> children = List.of();
    private boolean stopping;

    private PodProcess(Process process, Instant startedAt) {
        this.process = process;
        this.startedAt = startedAt;
    }

    /**
     * Starts the program in the folder; its output goes to the log.
     *
     * @param ended runs when the process has ended
     */
    static PodProcess start(
            List<String> command, Map<String, String> environment, PodFolder folder, Instant now, Runnable ended)
            throws IOException {
        var builder = new ProcessBuilder(command)
                .directory(folder.root().toFile())
                .redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(nullDevice()))
                .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.log().toFile()));
        builder.environment().clear();
        builder.environment().putAll(environment);
        var process = builder.start();
        process.onExit().thenRun(ended);
        return new PodProcess(process, now);
    }

    Instant startedAt() {
        return startedAt;
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Exit status; 128 + signal when a signal ended it. */
    int exitCode() {
        return process.exitValue();
    }

    /** Asks the process to end and sees to it after the grace. Returns at once; further calls change nothing. */
    synchronized void stop(Duration grace) {
        if (stopping) {
            return;
        }
        stopping = true;
        children = process.descendants().toList();
        process.destroy();
        process.onExit().orTimeout(grace.toMillis(), TimeUnit.MILLISECONDS).whenComplete((ended, late) -> killTree());
    }

    /** As {@link #stop}, and returns when the process and its children are gone. */
    void end(Duration grace) {
        stop(grace);
        try {
            process.waitFor(grace.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        killTree();
        Stream.concat(Stream.of(process.toHandle()), children.stream())
                .forEach(handle -> handle.onExit().join());
    }

    private void killTree() {
        process.destroyForcibly();
        children.forEach(ProcessHandle::destroyForcibly);
    }

    private static java.io.File nullDevice() {
        return Path.of("/dev/null").toFile();
    }
}
