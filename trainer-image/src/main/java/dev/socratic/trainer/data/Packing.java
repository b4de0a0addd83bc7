package dev.socratic.trainer.data;

import java.util.ArrayList;
import java.util.List;

/**
 * Joins short examples to rows of at most maxSequenceLength tokens. Each text keeps its own positions and sees itself
 * alone, and its first token is predicted from nothing, so that the loss is that of the examples by themselves.
 */
public final class Packing {
    /** Rows with room that are looked at for an example: enough to fill them, few enough to be quick. */
    private static final int OPEN_ROWS = 512;

    private Packing() {}

    /**
     * Each example goes to the first row with room; rows keep the order of their first examples.
     *
     * @param maxSequenceLength no example is longer
     */
    public static List<Example> pack(List<Example> examples, int maxSequenceLength) {
        List<List<Example>> rows = new ArrayList<>();
        List<Row> open = new ArrayList<>();
        for (Example example : examples) {
            Row row = open.stream()
                    .filter(candidate -> candidate.room >= example.length())
                    .findFirst()
                    .orElse(null);
            if (row == null) {
                row = new Row(maxSequenceLength);
                rows.add(row.examples);
                open.add(row);
                if (open.size() > OPEN_ROWS) {
                    open.remove(0);
                }
            }
            row.examples.add(example);
            row.room -= example.length();
            if (row.room == 0) {
                open.remove(row);
            }
        }
        return rows.stream().map(Packing::join).toList();
    }

    private static final class Row {
        private final List<Example> examples = new ArrayList<>();
        private int room;

        private Row(int room) {
            this.room = room;
        }
    }

    private static Example join(List<Example> examples) {
        int length = examples.stream().mapToInt(Example::length).sum();
        int[] inputIds = new int[length];
        int[] labels = new int[length];
        int[] starts = new int[examples.size()];
        int at = 0;
        for (int i = 0; i < starts.length; i++) {
            Example example = examples.get(i);
            starts[i] = at;
            System.arraycopy(example.inputIds(), 0, inputIds, at, example.length());
            System.arraycopy(example.labels(), 0, labels, at, example.length());
            if (example.length() > 0) {
                labels[at] = Example.IGNORED;
            }
            at += example.length();
        }
        return new Example(inputIds, labels, starts);
    }
}
