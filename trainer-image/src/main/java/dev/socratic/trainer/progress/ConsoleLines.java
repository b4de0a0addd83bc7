package dev.socratic.trainer.progress;

import java.time.Duration;
import java.util.Locale;

/** How a run's numbers are written for people. */
final class ConsoleLines {
    private static final double GIB = 1L << 30;

    private ConsoleLines() {}

    /** {@code Step 12/300 loss 1.4127 lr 1.9e-04 4210 tok/s ETA 3m10s}. */
    static String step(TrainingStep step, Double evalLoss) {
        String eval = evalLoss == null ? "" : String.format(Locale.ROOT, " eval loss %.4f", evalLoss);
        return String.format(
                Locale.ROOT,
                "Step %d/%d loss %.4f%s lr %.1e %.0f tok/s ETA %s",
                step.step(),
                step.totalSteps(),
                step.loss(),
                eval,
                step.learningRate(),
                step.tokensPerSecond(),
                duration(step.etaSeconds()));
    }

    /** {@code [=====>    ]}, {@code width} characters between the brackets. */
    static String bar(int done, int all, int width) {
        int full = all <= 0 ? 0 : (int) Math.min(width, (long) width * done / all);
        String head = full < width ? ">" : "";
        return "[" + "=".repeat(full) + head + " ".repeat(width - full - head.length()) + "]";
    }

    /** {@code 42s}, {@code 3m10s}, {@code 1h02m}. */
    static String duration(double seconds) {
        if (!Double.isFinite(seconds) || seconds < 0) {
            return "?";
        }
        Duration time = Duration.ofSeconds(Math.round(seconds));
        if (time.toHours() > 0) {
            return String.format(Locale.ROOT, "%dh%02dm", time.toHours(), time.toMinutesPart());
        }
        return time.toMinutes() > 0
                ? String.format(Locale.ROOT, "%dm%02ds", time.toMinutes(), time.toSecondsPart())
                : time.toSeconds() + "s";
    }

    /** {@code Device 0 (NVIDIA H200): embed,0-7; planned 3.1 GiB of 4.0 GiB, peak 3.0 GiB}. */
    static String device(RunFacts.Device device) {
        StringBuilder text = new StringBuilder("Device ").append(device.id());
        text.append(device.name() == null ? "" : " (" + device.name() + ")");
        text.append(": ").append(device.layers());
        text.append(device.plannedBytes() == null ? "" : "; planned " + gib(device.plannedBytes()));
        text.append(device.capBytes() == null ? "" : " of " + gib(device.capBytes()));
        text.append(device.peakBytes() == null ? "" : ", peak " + gib(device.peakBytes()));
        return text.toString();
    }

    private static String gib(long bytes) {
        return String.format(Locale.ROOT, bytes < GIB / 10 ? "%.3f GiB" : "%.1f GiB", bytes / GIB);
    }
}
