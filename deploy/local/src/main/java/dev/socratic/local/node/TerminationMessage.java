package dev.socratic.local.node;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** What a container leaves behind: its termination message, or the end of its log if it left none and failed. */
final class TerminationMessage {
    private static final int LONGEST = 4096;
    private static final int LONGEST_LOG = 2048;

    private TerminationMessage() {}

    static String read(PodFolder folder, String policy, int exitCode) {
        String message = tail(folder.terminationMessage(), LONGEST);
        boolean fromLog = message.isEmpty() && exitCode != 0 && "FallbackToLogsOnError".equals(policy);
        return fromLog ? tail(folder.log(), LONGEST_LOG) : message;
    }

    private static String tail(Path file, int longest) {
        try {
            byte[] bytes = Files.isRegularFile(file) ? Files.readAllBytes(file) : new byte[0];
            int from = Math.max(0, bytes.length - longest);
            return new String(Arrays.copyOfRange(bytes, from, bytes.length), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "cannot read " + file + ": " + e.getMessage();
        }
    }
}
