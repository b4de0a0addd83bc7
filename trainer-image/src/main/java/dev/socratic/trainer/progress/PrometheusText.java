package dev.socratic.trainer.progress;

import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** A report in Prometheus' text format 0.0.4. What is unknown is left out. */
final class PrometheusText {
    static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";
    private static final String PREFIX = "socratic_trainer_";

    private final StringBuilder text = new StringBuilder();

    private PrometheusText() {}

    static String of(ProgressReport report) {
        PrometheusText page = new PrometheusText();
        page.head("phase", "Phase of the run: 1 for the present one.");
        for (RunPhase phase : RunPhase.values()) {
            page.sample("phase{phase=\"" + phase + "\"}", phase == report.phase() ? 1 : 0);
        }
        page.gauge("step", "Optimizer steps made.", report.step());
        page.gauge("steps", "Optimizer steps of the whole run.", report.totalSteps());
        page.gauge("epoch", "Passes over the dataset.", report.epoch());
        page.gauge("loss", "Mean loss over the label tokens of the last step.", report.loss());
        page.gauge("eval_loss", "Last loss over the evaluation dataset.", report.evalLoss());
        page.gauge("learning_rate", "Learning rate of the last step.", report.learningRate());
        page.gauge("grad_norm", "Norm of the last gradient before clipping.", report.gradNorm());
        page.gauge("tokens_per_second", "Tokens trained on a second.", report.tokensPerSecond());
        page.gauge("eta_seconds", "Seconds to the last step.", report.etaSeconds());
        page.gauge("updated_timestamp_seconds", "Unix time at which the run last moved.", unixTime(report.updatedAt()));
        page.gauge(
                "checkpoint_step",
                "Step of the last checkpoint.",
                report.checkpoint() == null ? null : report.checkpoint().step());
        List<RunFacts.Device> devices = report.devices();
        page.devices("device_cap_bytes", "Cap of the memory of a device.", devices, RunFacts.Device::capBytes);
        page.devices("device_planned_bytes", "Memory that the plan needs.", devices, RunFacts.Device::plannedBytes);
        page.devices("device_peak_bytes", "Most memory that was used.", devices, RunFacts.Device::peakBytes);
        return page.text.toString();
    }

    private void gauge(String name, String help, Number value) {
        if (value != null) {
            head(name, help);
            sample(name, value);
        }
    }

    private void devices(
            String name, String help, List<RunFacts.Device> devices, Function<RunFacts.Device, Long> value) {
        List<RunFacts.Device> known =
                devices.stream().filter(device -> value.apply(device) != null).toList();
        if (!known.isEmpty()) {
            head(name, help);
            known.forEach(device -> sample(name + "{device=\"" + escaped(device.id()) + "\"}", value.apply(device)));
        }
    }

    private void head(String name, String help) {
        text.append(String.format(Locale.ROOT, "# HELP %1$s%2$s %3$s\n# TYPE %1$s%2$s gauge\n", PREFIX, name, help));
    }

    private void sample(String nameAndLabels, Number value) {
        text.append(PREFIX).append(nameAndLabels).append(' ').append(value).append('\n');
    }

    private static long unixTime(String rfc3339) {
        return Instant.parse(rfc3339).getEpochSecond();
    }

    private static String escaped(String label) {
        return label.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
    }
}
