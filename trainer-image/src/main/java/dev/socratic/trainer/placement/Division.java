package dev.socratic.trainer.placement;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * Divides a model's blocks among sections for which the devices take turns, so that a step takes the least time. With more
 * sections than devices each waits less at the begin and the end of a step (the interleaved schedule of Narayanan et al.
 * 2021), and more is copied.
 *
 * @param headCost of the head, in costs of a block
 * @param time of a step
 */
record Division(List<String> devices, int blocks, double headCost, ToDoubleFunction<Spread> time) {
    /** The fastest division into so many sections that moving single blocks from section to section leads to. */
    Spread fastest(int sections) {
        int[] counts = even(sections);
        double best = timeOf(counts);
        for (int[] better = counts; better != null; ) {
            counts = better;
            better = null;
            for (int[] moved : moves(counts)) {
                double taken = timeOf(moved);
                if (taken < best) {
                    best = taken;
                    better = moved;
                }
            }
        }
        return spread(counts);
    }

    /** Sections that take equally long as far as blocks can be divided. */
    private int[] even(int sections) {
        double[] loads = new double[sections];
        int[] counts = new int[sections];
        loads[sections - 1] = headCost;
        for (int block = 0; block < blocks; block++) {
            int least = 0;
            for (int i = 1; i < sections; i++) {
                least = loads[i] < loads[least] ? i : least;
            }
            loads[least]++;
            counts[least]++;
        }
        return counts;
    }

    /** Every division with one block in another section. */
    private static List<int[]> moves(int[] counts) {
        List<int[]> moves = new ArrayList<>();
        for (int from = 0; from < counts.length; from++) {
            int fewest = from == counts.length - 1 ? 0 : 1;
            for (int to = 0; to < counts.length; to++) {
                if (from != to && counts[from] > fewest) {
                    int[] moved = counts.clone();
                    moved[from]--;
                    moved[to]++;
                    moves.add(moved);
                }
            }
        }
        return moves;
    }

    private double timeOf(int[] counts) {
        return time.applyAsDouble(spread(counts));
    }

    private Spread spread(int[] counts) {
        return Spread.inTurns(devices, Arrays.stream(counts).boxed().toList());
    }
}
