package dev.socratic.trainer.placement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.socratic.trainer.placement.PipelineSchedule.Direction;
import dev.socratic.trainer.placement.PipelineSchedule.Stage;
import dev.socratic.trainer.placement.PipelineSchedule.Task;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PipelineScheduleTest {
    /** Sections as DEVICE:COST of a forward pass, twice that backward. Tasks as SECTION, direction and micro-batch. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a:1             | 3 | 1 | a: 0F0 0B0 0F1 0B1 0F2 0B2",
                "a:1 b:1         | 3 | 1 | a: 0F0 0B0 0F1 0B1 0F2 0B2; b: 1F0 1B0 1F1 1B1 1F2 1B2",
                "a:1 b:1         | 4 | 2 | a: 0F0 0F1 0B0 0F2 0B1 0F3 0B2 0B3; b: 1F0 1B0 1F1 1B1 1F2 1B2 1F3 1B3",
                "a:1 b:1         | 1 | 2 | a: 0F0 0B0; b: 1F0 1B0",
                "a:1 b:1 c:1     | 4 | 3 | a: 0F0 0F1 0F2 0B0 0F3 0B1 0B2 0B3; b: 1F0 1F1 1B0 1F2 1B1 1F3 1B2 1B3;"
                        + " c: 2F0 2B0 2F1 2B1 2F2 2B2 2F3 2B3",
                "a:2 b:4 a:1     | 3 | 3 | a: 0F0 0F1 0F2 2F0 2B0 2F1 2B1 0B0 0B1 2F2 2B2 0B2;"
                        + " b: 1F0 1F1 1B0 1B1 1F2 1B2",
            })
    void isOneForwardOneBackward(String sections, int microBatches, int inFlight, String expected) {
        PipelineSchedule schedule = Pipeline.play(stages(sections), microBatches, inFlight);
        assertThat(text(schedule)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"1, 8, 24", "2, 8, 27", "4, 8, 33", "4, 64, 201", "4, 1, 12"})
    void equalStagesIdleOnlyWhileThePipelineFillsAndEmpties(int devices, int microBatches, double duration) {
        String sections = String.join(" ", List.of("a:1", "b:1", "c:1", "d:1").subList(0, devices));
        assertThat(Pipeline.play(stages(sections), microBatches, devices).duration())
                .isCloseTo(duration, within(1e-9));
    }

    /** Whatever the costs and the step, each device can follow its order, and no section holds more than was planned. */
    @RepeatedTest(50)
    void canAlwaysBeFollowed(RepetitionInfo repetition) {
        Random random = new Random(repetition.getCurrentRepetition());
        List<Stage> stages = new ArrayList<>();
        for (int i = 0; i < 1 + random.nextInt(6); i++) {
            stages.add(new Stage("" + random.nextInt(3), random.nextDouble(), random.nextDouble()));
        }
        int microBatches = 1 + random.nextInt(9);
        int inFlight = 1 + random.nextInt(stages.size());
        Pipeline pipeline = Pipeline.of(stages, 1 + random.nextInt(9), inFlight);
        for (int section = 0; section < stages.size(); section++) {
            assertThat(pipeline.held().get(section)).isBetween(1, Math.min(inFlight, stages.size() - section));
        }
        assertThat(follow(pipeline.schedule(microBatches), pipeline.held()))
                .isEqualTo(2 * stages.size() * microBatches);
    }

    /** How many tasks can be done if each device does its own in order, each once what it needs is done. */
    private static int follow(PipelineSchedule schedule, List<Integer> room) {
        int sections = room.size();
        Set<Task> done = new HashSet<>();
        int[] alive = new int[sections];
        Map<String, Integer> next = schedule.order().keySet().stream().collect(Collectors.toMap(id -> id, id -> 0));
        boolean moved = true;
        while (moved) {
            moved = false;
            for (Map.Entry<String, List<Task>> device : schedule.order().entrySet()) {
                int at = next.get(device.getKey());
                if (at < device.getValue().size()
                        && done.containsAll(needs(device.getValue().get(at), sections))) {
                    Task task = device.getValue().get(at);
                    assertThat(done.add(task)).as(task.toString()).isTrue();
                    alive[task.section()] += task.direction() == Direction.FORWARD ? 1 : -1;
                    assertThat(alive[task.section()]).isLessThanOrEqualTo(room.get(task.section()));
                    next.put(device.getKey(), at + 1);
                    moved = true;
                }
            }
        }
        return done.size();
    }

    private static List<Task> needs(Task task, int sections) {
        int before = task.section() - 1;
        int after = task.section() + 1;
        if (task.direction() == Direction.FORWARD) {
            return before < 0 ? List.of() : List.of(new Task(Direction.FORWARD, before, task.microBatch()));
        }
        return after == sections
                ? List.of(new Task(Direction.FORWARD, task.section(), task.microBatch()))
                : List.of(new Task(Direction.BACKWARD, after, task.microBatch()));
    }

    private static List<Stage> stages(String sections) {
        return Arrays.stream(sections.strip().split(" +"))
                .map(section -> section.split(":"))
                .map(parts -> new Stage(parts[0], Double.parseDouble(parts[1]), 2 * Double.parseDouble(parts[1])))
                .toList();
    }

    private static String text(PipelineSchedule schedule) {
        return schedule.order().entrySet().stream()
                .map(device -> device.getKey() + ": "
                        + device.getValue().stream()
                                .map(task ->
                                        task.section() + task.direction().name().substring(0, 1) + task.microBatch())
                                .collect(Collectors.joining(" ")))
                .collect(Collectors.joining("; "));
    }
}
