package dev.socratic.trainer.progress;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The container's termination message: the last report, for when nobody could ask for it any more. Written at each
 * checkpoint, because a killed process writes nothing, and at the end. The kubelet mounts it as a single file, so that
 * it is overwritten in place, in one write.
 */
public final class TerminationMessage implements ProgressSink {
    /** Longest message that the kubelet keeps of one container. */
    static final int MOST_BYTES = 4096;

    private static final Logger LOG = LoggerFactory.getLogger(TerminationMessage.class);
    private static final String CUT = " …";

    private final Path file;
    private final Supplier<ProgressReport> latest;

    public TerminationMessage(Path file, Supplier<ProgressReport> latest) {
        this.file = file;
        this.latest = latest;
    }

    @Override
    public void checkpointed(int step, Path at) {
        write();
    }

    @Override
    public void finished(RunOutcome outcome) {
        write();
    }

    /** A run is not failed for the sake of its message. */
    private void write() {
        try {
            Files.write(file, fitted(latest.get()));
        } catch (IOException unwritable) {
            LOG.warn("Cannot write the termination message to {}: {}", file, unwritable.getMessage());
        }
    }

    /** As much of the report as fits: first the message is cut, then the devices go. */
    static byte[] fitted(ProgressReport report) {
        byte[] whole = bytes(report);
        if (whole.length <= MOST_BYTES) {
            return whole;
        }
        ProgressReport lean = bytes(report.withMessage("")).length > MOST_BYTES / 2 ? report.withoutDevices() : report;
        String message = report.message();
        for (int end = message.length(); end > 0; end = end * 3 / 4) {
            String start = Character.isHighSurrogate(message.charAt(end - 1))
                    ? message.substring(0, end - 1)
                    : message.substring(0, end);
            byte[] cut = bytes(lean.withMessage(end < message.length() ? start + CUT : start));
            if (cut.length <= MOST_BYTES) {
                return cut;
            }
        }
        return bytes(lean.withMessage("").withoutDevices());
    }

    private static byte[] bytes(ProgressReport report) {
        return report.toJson().getBytes(StandardCharsets.UTF_8);
    }
}
