package dev.socratic.local.view;

import io.fabric8.kubernetes.api.model.HasMetadata;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Prints a header and, whenever a shown fact of the object changes, a line; nothing while there is no fact. */
public final class WatchView {
    private static final int NARROWEST = 9;
    private static final String GAP = "   ";

    private final PrinterColumns columns;
    private final Clock clock;
    private final Consumer<String> line;
    private final List<Integer> widths = new ArrayList<>();
    private List<String> shown = List.of();

    public WatchView(PrinterColumns columns, Clock clock, Consumer<String> line) {
        this.columns = columns;
        this.clock = clock;
        this.line = line;
    }

    public synchronized void show(HasMetadata object) {
        List<String> facts = columns.facts(object);
        boolean nothingYet = facts.stream().skip(1).allMatch(String::isEmpty);
        if (nothingYet || facts.equals(shown)) {
            return;
        }
        List<String> row = columns.row(object, clock.instant());
        if (shown.isEmpty()) {
            columns.header().forEach(name -> widths.add(Math.max(name.length(), NARROWEST)));
            widen(row);
            line.accept(format(columns.header()));
        }
        shown = facts;
        widen(row);
        line.accept(format(row));
    }

    private void widen(List<String> row) {
        for (int i = 0; i < row.size(); i++) {
            widths.set(i, Math.max(widths.get(i), row.get(i).length()));
        }
    }

    private String format(List<String> cells) {
        var text = new StringBuilder();
        for (int i = 0; i < cells.size(); i++) {
            text.append(cells.get(i))
                    .append(" ".repeat(widths.get(i) - cells.get(i).length()))
                    .append(GAP);
        }
        return text.toString().stripTrailing();
    }
}
