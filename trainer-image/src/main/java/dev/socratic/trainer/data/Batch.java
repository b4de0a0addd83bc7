package dev.socratic.trainer.data;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Examples side by side, padded on the right to one length, as a rule that of the longest.
 *
 * @param rows number of examples
 * @param length tokens a row, padding included
 * @param inputIds rows * length, row by row; padding is id 0, whose value never matters
 * @param labels rows * length; padding is {@link Example#IGNORED}
 * @param lengths tokens of each row without padding
 * @param textStarts rows * length: where in its row the text of a token begins, if a row has several; padding belongs to
 *     the last one
 */
public record Batch(int rows, int length, int[] inputIds, int[] labels, int[] lengths, Optional<int[]> textStarts) {
    /** A batch whose rows are one text each. */
    public Batch(int rows, int length, int[] inputIds, int[] labels, int[] lengths) {
        this(rows, length, inputIds, labels, lengths, Optional.empty());
    }

    public static Batch of(List<Example> examples) {
        return of(examples, longest(examples));
    }

    /** @param length that all are padded to */
    static Batch of(List<Example> examples, int length) {
        int rows = examples.size();
        int[] inputIds = new int[rows * length];
        int[] labels = new int[rows * length];
        int[] lengths = new int[rows];
        Arrays.fill(labels, Example.IGNORED);
        for (int row = 0; row < rows; row++) {
            Example example = examples.get(row);
            lengths[row] = example.length();
            System.arraycopy(example.inputIds(), 0, inputIds, row * length, lengths[row]);
            System.arraycopy(example.labels(), 0, labels, row * length, lengths[row]);
        }
        return new Batch(rows, length, inputIds, labels, lengths, textStarts(examples, length));
    }

    static int longest(List<Example> examples) {
        return examples.stream().mapToInt(Example::length).max().orElse(0);
    }

    private static Optional<int[]> textStarts(List<Example> examples, int length) {
        if (examples.stream().allMatch(example -> example.starts().length == 1)) {
            return Optional.empty();
        }
        int[] starts = new int[examples.size() * length];
        for (int row = 0; row < examples.size(); row++) {
            for (int start : examples.get(row).starts()) {
                Arrays.fill(starts, row * length + start, (row + 1) * length, start);
            }
        }
        return Optional.of(starts);
    }

    /** Labels that enter the loss: those other than {@link Example#IGNORED} at positions from 1. */
    public int learnedTokens() {
        int count = 0;
        for (int i = 0; i < labels.length; i++) {
            count += labels[i] != Example.IGNORED && i % length != 0 ? 1 : 0;
        }
        return count;
    }
}
