package dev.socratic.trainer.placement;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The order in which each device works on a step's micro-batches: one forward, one backward (Narayanan et al. 2019). Of
 * what it could do next a device takes a backward pass first, as that frees memory, and of several the one nearest to the
 * loss.
 *
 * @param order by device, what it does from the first to the last
 * @param duration from the first task's begin to the last one's end, in the unit of the costs
 */
public record PipelineSchedule(Map<String, List<Task>> order, double duration) {
    /** Whether a micro-batch passes through a section towards the loss or comes back. */
    public enum Direction {
        FORWARD,
        BACKWARD
    }

    /** One micro-batch in one section. */
    public record Task(Direction direction, int section, int microBatch) {}

    /** A section with what one micro-batch costs there. */
    public record Stage(String device, double forward, double backward) {}

    /**
     * The schedule of a step, found by playing it through.
     *
     * @param room how many micro-batches a section may hold between their forward and their backward task there
     */
    static PipelineSchedule of(List<Stage> stages, int microBatches, List<Integer> room) {
        return new Play(stages, microBatches, room).toTheEnd();
    }

    /** What a device does from the first to the last. */
    List<Task> of(String device) {
        return order.getOrDefault(device, List.of());
    }

    /** How many micro-batches each section holds at most. */
    List<Integer> held() {
        int sections = 1
                + order.values().stream()
                        .flatMap(List::stream)
                        .mapToInt(Task::section)
                        .max()
                        .orElse(-1);
        int[] now = new int[sections];
        int[] most = new int[sections];
        for (List<Task> tasks : order.values()) {
            for (Task task : tasks) {
                now[task.section] += task.direction == Direction.FORWARD ? 1 : -1;
                most[task.section] = Math.max(most[task.section], now[task.section]);
            }
        }
        return Arrays.stream(most).boxed().toList();
    }

    private static final class Play {
        private static final List<Direction> BACKWARD_FIRST = List.of(Direction.BACKWARD, Direction.FORWARD);

        private final List<Stage> stages;
        private final int microBatches;
        private final List<Integer> room;
        private final double[][] forwardEnds;
        private final double[][] backwardEnds;
        private final int[] forwards;
        private final int[] backwards;
        private final List<String> devices;
        private final int[] deviceOf;
        private final double[] free;
        private final Map<String, List<Task>> order = new LinkedHashMap<>();

        Play(List<Stage> stages, int microBatches, List<Integer> room) {
            this.stages = stages;
            this.microBatches = microBatches;
            this.room = room;
            this.forwardEnds = new double[stages.size()][microBatches];
            this.backwardEnds = new double[stages.size()][microBatches];
            this.forwards = new int[stages.size()];
            this.backwards = new int[stages.size()];
            this.devices = stages.stream().map(Stage::device).distinct().toList();
            this.deviceOf = stages.stream()
                    .mapToInt(stage -> devices.indexOf(stage.device))
                    .toArray();
            this.free = new double[devices.size()];
            devices.forEach(device -> order.put(device, new ArrayList<>()));
        }

        PipelineSchedule toTheEnd() {
            double duration = 0;
            for (int left = 2 * stages.size() * microBatches; left > 0; left--) {
                duration = Math.max(duration, next());
            }
            return new PipelineSchedule(order, duration);
        }

        /** Does the earliest task; at the same time a backward one, then that of the section nearer to the loss. */
        private double next() {
            Direction direction = null;
            int section = -1;
            double earliest = Double.POSITIVE_INFINITY;
            for (Direction either : BACKWARD_FIRST) {
                for (int i = stages.size() - 1; i >= 0; i--) {
                    double begin = Math.max(arrival(either, i), free[deviceOf[i]]);
                    if (begin < earliest) {
                        direction = either;
                        section = i;
                        earliest = begin;
                    }
                }
            }
            return done(direction, section, earliest);
        }

        /** When what the next task of a section needs is there, or never if it cannot be next. */
        private double arrival(Direction direction, int section) {
            boolean last = section == stages.size() - 1;
            if (direction == Direction.FORWARD) {
                int micro = forwards[section];
                boolean known = micro < microBatches
                        && micro - backwards[section] < room.get(section)
                        && (section == 0 || forwards[section - 1] > micro);
                return !known ? Double.POSITIVE_INFINITY : section == 0 ? 0 : forwardEnds[section - 1][micro];
            }
            int micro = backwards[section];
            boolean known = micro < forwards[section] && (last || backwards[section + 1] > micro);
            return !known
                    ? Double.POSITIVE_INFINITY
                    : last ? forwardEnds[section][micro] : backwardEnds[section + 1][micro];
        }

        private double done(Direction direction, int section, double begin) {
            Stage stage = stages.get(section);
            boolean forward = direction == Direction.FORWARD;
            int micro = forward ? forwards[section]++ : backwards[section]++;
            double end = begin + (forward ? stage.forward : stage.backward);
            (forward ? forwardEnds : backwardEnds)[section][micro] = end;
            free[deviceOf[section]] = end;
            order.get(stage.device).add(new Task(direction, section, micro));
            return end;
        }
    }
}
