package dev.socratic.trainer.placement;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The order in which each device works on a step's micro-batches: one forward, one backward (Narayanan et al. 2019). Of
 * what it could do next a device takes a backward pass first, as that frees memory, and of several the one nearest to the
 * loss; section i of n holds at most n - i micro-batches, and never more than the plan has room for.
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

    /** How many micro-batches section {@code index} of {@code sections} holds at once. */
    static int alive(int index, int sections, int inFlight) {
        return Math.min(inFlight, sections - index);
    }

    /**
     * The schedule of a step, found by playing it through.
     *
     * @param inFlight most micro-batches between their first forward and their last backward task; 1 lets one follow the other
     */
    public static PipelineSchedule of(List<Stage> stages, int microBatches, int inFlight) {
        return new Play(stages, microBatches, inFlight).toTheEnd();
    }

    /** A task that could be next on its device, and when. */
    private record Candidate(Task task, double start) {
        /** Earlier first; at the same time backward first, then the section nearer to the loss. */
        boolean isBefore(Candidate other) {
            if (start != other.start) {
                return start < other.start;
            }
            if (task.direction != other.task.direction) {
                return task.direction == Direction.BACKWARD;
            }
            return task.section > other.task.section;
        }
    }

    private static final class Play {
        private final List<Stage> stages;
        private final int microBatches;
        private final int inFlight;
        private final double[][] forwardEnds;
        private final double[][] backwardEnds;
        private final int[] forwards;
        private final int[] backwards;
        private final Map<String, Double> free = new LinkedHashMap<>();
        private final Map<String, List<Task>> order = new LinkedHashMap<>();

        Play(List<Stage> stages, int microBatches, int inFlight) {
            this.stages = stages;
            this.microBatches = microBatches;
            this.inFlight = inFlight;
            this.forwardEnds = new double[stages.size()][microBatches];
            this.backwardEnds = new double[stages.size()][microBatches];
            this.forwards = new int[stages.size()];
            this.backwards = new int[stages.size()];
            stages.forEach(stage -> {
                free.put(stage.device, 0.0);
                order.put(stage.device, new ArrayList<>());
            });
        }

        PipelineSchedule toTheEnd() {
            double duration = 0;
            for (int left = 2 * stages.size() * microBatches; left > 0; left--) {
                duration = Math.max(duration, done(next()));
            }
            return new PipelineSchedule(order, duration);
        }

        private Candidate next() {
            Candidate best = null;
            for (int section = 0; section < stages.size(); section++) {
                for (Candidate candidate : List.of(forward(section), backward(section))) {
                    if (candidate.start < Double.POSITIVE_INFINITY && (best == null || candidate.isBefore(best))) {
                        best = candidate;
                    }
                }
            }
            return best;
        }

        private Candidate forward(int section) {
            int micro = forwards[section];
            boolean room = micro - backwards[section] < alive(section, stages.size(), inFlight);
            boolean arrived = micro < microBatches && (section == 0 || forwards[section - 1] > micro);
            double from =
                    !arrived || !room ? Double.POSITIVE_INFINITY : section == 0 ? 0 : forwardEnds[section - 1][micro];
            return candidate(Direction.FORWARD, section, micro, from);
        }

        private Candidate backward(int section) {
            int micro = backwards[section];
            boolean last = section == stages.size() - 1;
            boolean arrived = micro < forwards[section] && (last || backwards[section + 1] > micro);
            double from = !arrived
                    ? Double.POSITIVE_INFINITY
                    : last ? forwardEnds[section][micro] : backwardEnds[section + 1][micro];
            return candidate(Direction.BACKWARD, section, micro, from);
        }

        private Candidate candidate(Direction direction, int section, int micro, double from) {
            double start = Math.max(from, free.get(stages.get(section).device));
            return new Candidate(new Task(direction, section, micro), start);
        }

        private double done(Candidate chosen) {
            Task task = chosen.task;
            Stage stage = stages.get(task.section);
            double end = chosen.start + (task.direction == Direction.FORWARD ? stage.forward : stage.backward);
            if (task.direction == Direction.FORWARD) {
                forwardEnds[task.section][task.microBatch] = end;
                forwards[task.section]++;
            } else {
                backwardEnds[task.section][task.microBatch] = end;
                backwards[task.section]++;
            }
            free.put(stage.device, end);
            order.get(stage.device).add(task);
            return end;
        }
    }
}
