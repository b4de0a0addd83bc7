package dev.socratic.trainer.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * How the examples of a step are divided into batches that pass through the model at once. The loss of a step is a sum over
 * its tokens, so that this changes no result but for the rounding of sums and the masks of dropout.
 *
 * @param rows that pass at once if each has {@code length} tokens
 * @param length most tokens of an example
 * @param least micro-batches of a step that keep all devices busy, where it has so many examples
 * @param overhead what a micro-batch costs beside its tokens, in tokens
 */
public record MicroBatching(Grouping grouping, int rows, int length, int least, int overhead) {
    /** Which examples may pass together. */
    public enum Grouping {
        /** Those of a batch of batchSize, padded as it is: where results follow from the length of a batch. */
        AS_DECLARED,
        /** All of a step. */
        BY_LENGTH
    }

    /**
     * The micro-batches of a step, each with a label at least.
     *
     * @param declared the step's examples in batches of batchSize
     */
    public List<Batch> of(List<List<Example>> declared) {
        Stream<Batch> batches = grouping == Grouping.AS_DECLARED
                ? declared.stream().flatMap(batch -> parts(batch).stream())
                : byLength(declared.stream()
                                .flatMap(List::stream)
                                .filter(example -> example.learnedTokens() > 0)
                                .toList())
                        .stream()
                        .map(Batch::of);
        return batches.filter(batch -> batch.learnedTokens() > 0).toList();
    }

    /** A batch in its order, as many rows at once as may be, all padded to its longest. */
    public List<Batch> parts(List<Example> batch) {
        List<Batch> parts = new ArrayList<>();
        for (int from = 0; from < batch.size(); from += rows) {
            List<Example> part = batch.subList(from, Math.min(from + rows, batch.size()));
            parts.add(Batch.of(part, Batch.longest(batch)));
        }
        return parts;
    }

    /**
     * Examples of like length together, the longest first, so that they cost the least in all: tokens with padding, and the
     * overhead of each micro-batch. As many rows pass at once as have room in what is planned for the longest ones.
     */
    List<List<Example>> byLength(List<Example> examples) {
        List<Example> longestFirst = examples.stream()
                .sorted(Comparator.comparingInt(Example::length).reversed())
                .toList();
        int count = longestFirst.size();
        long most = most(longestFirst);
        long[] costs = new long[count + 1];
        int[] starts = new int[count + 1];
        Arrays.fill(costs, 1, count + 1, Long.MAX_VALUE);
        for (int end = 1; end <= count; end++) {
            for (int start = end - 1; start >= 0; start--) {
                long tokens = (long) (end - start) * longestFirst.get(start).length();
                if (tokens > most && start < end - 1) {
                    break;
                }
                if (costs[start] + tokens + overhead < costs[end]) {
                    costs[end] = costs[start] + tokens + overhead;
                    starts[end] = start;
                }
            }
        }
        List<List<Example>> groups = new ArrayList<>();
        for (int end = count; end > 0; end = starts[end]) {
            groups.add(0, longestFirst.subList(starts[end], end));
        }
        return groups;
    }

    /** Most tokens of a micro-batch, padding included: what is planned, or less where devices would have nothing to do. */
    private long most(List<Example> longestFirst) {
        long planned = (long) rows * length;
        if (least == 1) {
            return planned;
        }
        long all = longestFirst.stream().mapToLong(Example::length).sum();
        return Math.min(planned, Math.max(Batch.longest(longestFirst), (all + least - 1) / least));
    }
}
