package dev.socratic.trainer.export;

import static dev.socratic.trainer.export.HtmlText.escaped;

import dev.socratic.trainer.export.LineChart.Point;
import dev.socratic.trainer.export.LineChart.Series;
import dev.socratic.trainer.progress.RunFacts;
import dev.socratic.trainer.progress.RunHistory;
import dev.socratic.trainer.progress.TrainingStep;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * {@code report.html}: one file without scripts or links, to be sent and kept.
 *
 * @param title such as the resource's name
 * @param settings to show, in order
 * @param replies with no pairs when the resource has no evaluation prompts
 */
public record HtmlReport(String title, Map<String, String> settings, RunHistory history, Replies replies) {
    public static final String FILE = "report.html";

    private static final double GIB = 1L << 30;

    public String toHtml() {
        StringBuilder page = new StringBuilder(
                        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
                .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
                .append("<meta name=\"color-scheme\" content=\"light dark\">\n")
                .append("<title>")
                .append(escaped(title))
                .append(" – fine-tuning report</title>\n")
                .append("<style>\n")
                .append(style())
                .append("</style>\n</head>\n<body>\n<main>\n")
                .append("<h1>")
                .append(escaped(title))
                .append("</h1>\n");
        page.append(figures())
                .append(replySection())
                .append(charts())
                .append(devices())
                .append(settingsTable());
        return page.append("</main>\n</body>\n</html>\n").toString();
    }

    private String figures() {
        List<TrainingStep> steps = history.steps();
        StringBuilder tiles = new StringBuilder("<div class=\"tiles\">\n");
        if (!steps.isEmpty()) {
            TrainingStep first = steps.get(0);
            TrainingStep last = steps.get(steps.size() - 1);
            tile(tiles, "steps", last.step() + " of " + last.totalSteps());
            tile(tiles, "loss", format("%.4f → %.4f", first.loss(), last.loss()));
            tile(
                    tiles,
                    "tokens",
                    format("%,d", steps.stream().mapToLong(TrainingStep::tokens).sum()));
        }
        if (!replies.prompts().isEmpty()) {
            tile(tiles, "questions", shares(replies.questions()));
            tile(tiles, "on the subject", shares(replies.onSubject()));
        }
        return tiles.append("</div>\n").toString();
    }

    private static void tile(StringBuilder tiles, String name, String value) {
        tiles.append("<div class=\"tile\"><b>").append(escaped(value)).append("</b><span>");
        tiles.append(escaped(name)).append("</span></div>\n");
    }

    private static String shares(Replies.Share share) {
        return share.before() + " → " + share.after() + " of " + share.of();
    }

    private String replySection() {
        if (replies.prompts().isEmpty()) {
            return "";
        }
        StringBuilder table = new StringBuilder("<h2>Replies</h2>\n<table class=\"replies\">\n")
                .append("<tr><th>Prompt</th><th>Before</th><th>After</th></tr>\n");
        for (Replies.Pair pair : replies.prompts()) {
            table.append("<tr><td>").append(escaped(pair.prompt())).append("</td>");
            table.append(reply(pair.before())).append(reply(pair.after())).append("</tr>\n");
        }
        return table.append("</table>\n").toString();
    }

    private static String reply(String text) {
        String style = Replies.isQuestion(text) ? " class=\"question\"" : "";
        return "<td" + style + ">" + escaped(text) + "</td>";
    }

    private String charts() {
        if (history.steps().isEmpty()) {
            return "";
        }
        List<Series> losses = new ArrayList<>(List.of(series("training", TrainingStep::loss)));
        List<Point> measured = history.evalLosses().entrySet().stream()
                .map(entry -> new Point(entry.getKey(), entry.getValue()))
                .toList();
        if (!measured.isEmpty()) {
            losses.add(new Series("evaluation", "second", measured));
        }
        return chart("Loss", losses)
                + chart("Learning rate", List.of(series("learning rate", TrainingStep::learningRate)))
                + chart("Tokens per second", List.of(series("tokens per second", TrainingStep::tokensPerSecond)));
    }

    private Series series(String name, ToDoubleFunction<TrainingStep> value) {
        return new Series(
                name,
                "first",
                history.steps().stream()
                        .map(step -> new Point(step.step(), value.applyAsDouble(step)))
                        .toList());
    }

    private static String chart(String title, List<Series> series) {
        StringBuilder legend = new StringBuilder();
        if (series.size() > 1) {
            series.forEach(line ->
                    legend.append("<span class=\"key " + line.style() + "\">" + escaped(line.name()) + "</span> "));
        }
        return "<h2>" + escaped(title) + "</h2>\n<figure>" + legend + LineChart.svg(title + " by step", series)
                + "</figure>\n";
    }

    private String devices() {
        RunFacts facts = history.facts();
        if (facts.devices().isEmpty()) {
            return "";
        }
        StringBuilder table = new StringBuilder("<h2>Devices</h2>\n<table>\n<tr><th>Device</th><th>Name</th>")
                .append("<th>Layers</th><th>Cap</th><th>Planned</th><th>Peak</th></tr>\n");
        for (RunFacts.Device device : facts.devices()) {
            table.append("<tr>");
            for (String cell : List.of(
                    escaped(device.id()),
                    escaped(device.name()),
                    escaped(device.layers()),
                    gib(device.capBytes()),
                    gib(device.plannedBytes()),
                    gib(device.peakBytes()))) {
                table.append("<td>").append(cell).append("</td>");
            }
            table.append("</tr>\n");
        }
        return table.append("</table>\n").toString();
    }

    private String settingsTable() {
        StringBuilder table = new StringBuilder("<h2>Settings</h2>\n<table>\n");
        settings.forEach((name, value) -> table.append("<tr><th>")
                .append(escaped(name))
                .append("</th><td>")
                .append(escaped(value))
                .append("</td></tr>\n"));
        return table.append("</table>\n").toString();
    }

    private static String gib(Long bytes) {
        return bytes == null ? "–" : format("%.2f GiB", bytes / GIB);
    }

    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }

    private static String style() {
        try (InputStream css = HtmlReport.class.getResourceAsStream("report.css")) {
            return new String(css.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }
}
