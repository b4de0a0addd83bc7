package dev.socratic.trainer.model;

import dev.socratic.trainer.data.Batch;
import java.util.Arrays;

/**
 * The rows of a batch that predict a token with a label: row i of the hidden states predicts label i + 1 of its line.
 *
 * @param rows indices into batch * length rows
 * @param labels the token that each of them should predict
 */
record LabelledRows(long[] rows, long[] labels) {
    static final int IGNORED = -100;

    static LabelledRows of(Batch batch) {
        int count = 0;
        long[] rows = new long[batch.labels().length];
        long[] labels = new long[rows.length];
        for (int i = 0; i < rows.length - 1; i++) {
            boolean sameLine = (i + 1) % batch.length() != 0;
            if (sameLine && batch.labels()[i + 1] != IGNORED) {
                rows[count] = i;
                labels[count++] = batch.labels()[i + 1];
            }
        }
        return new LabelledRows(Arrays.copyOf(rows, count), Arrays.copyOf(labels, count));
    }
}
