package dev.socratic.trainer.parallel;

import ai.djl.ndarray.NDManager;
import dev.socratic.trainer.engine.DeviceThreads;
import dev.socratic.trainer.model.Decoder;
import dev.socratic.trainer.model.MicroBatch;
import dev.socratic.trainer.placement.Pipeline;
import dev.socratic.trainer.placement.PipelineSchedule;
import dev.socratic.trainer.placement.PipelineSchedule.Direction;
import dev.socratic.trainer.placement.PipelineSchedule.Task;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Sections on several devices work on different micro-batches at the same time, in the order of a {@link PipelineSchedule}.
 * A device's thread launches its tasks in that order and waits, before each, until the section before has launched its
 * part; on GPUs the devices themselves wait for each other's results, not the threads.
 */
final class PipelinedGradients implements StepGradients {
    private final Decoder decoder;
    private final Pipeline pipeline;
    private final DeviceThreads threads;

    PipelinedGradients(Decoder decoder, Pipeline pipeline) {
        this.decoder = decoder;
        this.pipeline = pipeline;
        this.threads = new DeviceThreads(
                pipeline.stages().stream().map(PipelineSchedule.Stage::device).toList());
    }

    @Override
    public double sum(Step step) {
        decoder.adapter().zeroGradients();
        try (NDManager results = decoder.newScope();
                Passage passage = new Passage(step, results)) {
            Map<String, Runnable> work = new LinkedHashMap<>();
            pipeline.schedule(step.micro().size())
                    .order()
                    .forEach((device, tasks) -> work.put(device, () -> passage.run(tasks)));
            threads.run(work);
            return StepGradients.total(passage.micro);
        }
    }

    /** The micro-batches of one step on their way. */
    private final class Passage implements AutoCloseable {
        private final List<MicroBatch> micro = new ArrayList<>();
        private final Map<Task, CompletableFuture<Void>> launched = new HashMap<>();

        Passage(Step step, NDManager results) {
            int last = pipeline.stages().size() - 1;
            for (int i = 0; i < step.micro().size(); i++) {
                micro.add(step.begin(decoder, results, i));
                for (int section = 0; section <= last; section++) {
                    launched.put(new Task(Direction.FORWARD, section, i), new CompletableFuture<>());
                    launched.put(new Task(Direction.BACKWARD, section, i), new CompletableFuture<>());
                }
            }
        }

        /** A failure ends the other threads' waits as well. */
        void run(List<Task> tasks) {
            try {
                for (Task task : tasks) {
                    before(task).join();
                    run(task);
                    launched.get(task).complete(null);
                }
            } catch (RuntimeException | Error failure) {
                launched.values().forEach(task -> task.completeExceptionally(failure));
                throw failure;
            }
        }

        private CompletableFuture<Void> before(Task task) {
            int last = pipeline.stages().size() - 1;
            if (task.direction() == Direction.FORWARD) {
                return task.section() == 0
                        ? CompletableFuture.completedFuture(null)
                        : launched.get(new Task(Direction.FORWARD, task.section() - 1, task.microBatch()));
            }
            return task.section() == last
                    ? launched.get(new Task(Direction.FORWARD, last, task.microBatch()))
                    : launched.get(new Task(Direction.BACKWARD, task.section() + 1, task.microBatch()));
        }

        private void run(Task task) {
            MicroBatch here = micro.get(task.microBatch());
            if (task.direction() == Direction.FORWARD) {
                here.forward(task.section());
                return;
            }
            here.backward(task.section());
            if (task.section() == 0) {
                here.close();
            }
        }

        /** Closes what a failure has left open. */
        @Override
        public void close() {
            micro.forEach(MicroBatch::close);
        }
    }

    @Override
    public void close() {
        threads.close();
    }
}
