package dev.socratic.local;

import java.nio.file.Path;

/** Sends the log of operator, agent and control plane to a file: the terminal is for the view. */
final class LogFile {
    private LogFile() {}

    /** Must come before anything logs. */
    static void in(Path folder) {
        System.setProperty("logback.configurationFile", "local-logback.xml");
        System.setProperty(
                "socratic.log", folder.toAbsolutePath().resolve("local.log").toString());
    }
}
