package dev.socratic.operator.decide;

import dev.socratic.api.v1alpha1.status.Progress;
import dev.socratic.api.v1alpha1.status.ProgressDisplay;
import dev.socratic.operator.progress.TrainerReport;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/** A trainer's progress in the words of the status. */
final class ProgressOf {
    private ProgressOf() {}

    /** The progress in {@code news}; what is {@code known} where there is none, or where only its time is new. */
    static Progress newer(Optional<Progress> known, Optional<TrainerReport> news) {
        Optional<Progress> told = news.filter(report -> report.step() != null).map(ProgressOf::of);
        if (told.isEmpty() || known.isPresent() && withoutTime(told.get()).equals(withoutTime(known.get()))) {
            return known.orElse(null);
        }
        return told.get();
    }

    private static Progress of(TrainerReport report) {
        ProgressDisplay display = new ProgressDisplay(
                report.totalSteps() == null ? String.valueOf(report.step()) : report.step() + "/" + report.totalSteps(),
                report.loss() == null ? null : String.format(Locale.ROOT, "%.4f", report.loss()),
                report.tokensPerSecond() == null ? null : String.format(Locale.ROOT, "%.0f", report.tokensPerSecond()),
                report.etaSeconds() == null ? null : duration(Duration.ofSeconds(report.etaSeconds())));
        return new Progress(
                report.step(),
                report.totalSteps(),
                report.epoch(),
                report.loss(),
                report.evalLoss(),
                report.learningRate(),
                report.gradNorm(),
                report.tokensPerSecond(),
                report.etaSeconds(),
                report.updatedAt(),
                display);
    }

    /** Two units at most, as kubectl prints ages: 3m10s, 2h5m, 1d3h. */
    static String duration(Duration duration) {
        if (duration.toDays() > 0) {
            return duration.toDays() + "d" + duration.toHoursPart() + "h";
        }
        if (duration.toHours() > 0) {
            return duration.toHours() + "h" + duration.toMinutesPart() + "m";
        }
        return duration.toMinutes() > 0
                ? duration.toMinutes() + "m" + duration.toSecondsPart() + "s"
                : duration.toSeconds() + "s";
    }

    private static Progress withoutTime(Progress progress) {
        return new Progress(
                progress.step(),
                progress.totalSteps(),
                progress.epoch(),
                progress.loss(),
                progress.evalLoss(),
                progress.learningRate(),
                progress.gradNorm(),
                progress.tokensPerSecond(),
                progress.etaSeconds(),
                null,
                progress.display());
    }
}
