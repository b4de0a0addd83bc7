package dev.socratic.trainer.export;

import java.util.List;
import java.util.Locale;

/** A line chart as SVG: x is the step, y a quantity. Points that are not finite leave gaps. */
final class LineChart {
    private static final int WIDTH = 720;
    private static final int HEIGHT = 260;
    private static final int LEFT = 64;
    private static final int RIGHT = 16;
    private static final int TOP = 12;
    private static final int BOTTOM = 40;
    private static final int TICKS = 5;

    private final double lowest;
    private final double highest;
    private final int lastStep;
    private final StringBuilder svg = new StringBuilder();

    private LineChart(List<Series> series) {
        double[] finite = series.stream()
                .flatMap(line -> line.points().stream())
                .mapToDouble(Point::value)
                .filter(Double::isFinite)
                .toArray();
        double low = java.util.Arrays.stream(finite).min().orElse(0);
        double high = java.util.Arrays.stream(finite).max().orElse(1);
        double margin = high > low ? (high - low) * 0.06 : Math.max(Math.abs(high) * 0.1, 1e-9);
        lowest = low >= 0 ? Math.max(0, low - margin) : low - margin;
        highest = high + margin;
        lastStep = Math.max(
                2,
                series.stream()
                        .flatMap(line -> line.points().stream())
                        .mapToInt(Point::step)
                        .max()
                        .orElse(2));
    }

    record Point(int step, double value) {}

    /** @param style CSS class of the line: {@code first} or {@code second} */
    record Series(String name, String style, List<Point> points) {}

    /** @param label what is drawn, for readers without eyes on it */
    static String svg(String label, List<Series> series) {
        LineChart chart = new LineChart(series);
        chart.svg.append(String.format(
                Locale.ROOT,
                "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">%n",
                WIDTH,
                HEIGHT,
                HtmlText.escaped(label)));
        chart.axes();
        series.forEach(chart::line);
        return chart.svg.append("</svg>\n").toString();
    }

    private void axes() {
        for (int tick = 0; tick < TICKS; tick++) {
            double value = lowest + (highest - lowest) * tick / (TICKS - 1);
            double y = y(value);
            append("<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>%n", LEFT, WIDTH - RIGHT, y, y);
            append(
                    "<text class=\"tick\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>%n",
                    LEFT - 8, y + 4, number(value));
            int step = 1 + (int) Math.round((lastStep - 1.0) * tick / (TICKS - 1));
            append(
                    "<text class=\"tick\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%d</text>%n",
                    x(step), HEIGHT - BOTTOM + 18, step);
        }
        append(
                "<text class=\"tick\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">step</text>%n",
                (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 4);
    }

    private void line(Series series) {
        StringBuilder path = new StringBuilder();
        String command = "M";
        for (Point point : series.points()) {
            if (!Double.isFinite(point.value())) {
                command = "M";
                continue;
            }
            path.append(String.format(Locale.ROOT, "%s%.1f %.1f", command, x(point.step()), y(point.value())));
            command = "L";
        }
        append("<path class=\"line %s\" d=\"%s\"/>%n", series.style(), path);
        series.points().stream()
                .filter(point -> series.points().size() <= 60 && Double.isFinite(point.value()))
                .forEach(point -> append(
                        "<circle class=\"dot %s\" cx=\"%.1f\" cy=\"%.1f\" r=\"2.5\"><title>step %d: %s</title></circle>%n",
                        series.style(), x(point.step()), y(point.value()), point.step(), number(point.value())));
    }

    private void append(String format, Object... values) {
        svg.append(String.format(Locale.ROOT, format, values));
    }

    private double x(int step) {
        return LEFT + (WIDTH - LEFT - RIGHT) * (step - 1.0) / (lastStep - 1.0);
    }

    private double y(double value) {
        return TOP + (HEIGHT - TOP - BOTTOM) * (highest - value) / (highest - lowest);
    }

    private static String number(double value) {
        double size = Math.abs(value);
        if (size != 0 && size < 0.01) {
            return String.format(Locale.ROOT, "%.1e", value);
        }
        return String.format(Locale.ROOT, size >= 1000 ? "%,.0f" : size >= 10 ? "%.1f" : "%.2f", value);
    }
}
