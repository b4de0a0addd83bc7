package dev.socratic.trainer.parallel;

import ai.djl.ndarray.NDManager;
import dev.socratic.trainer.engine.DeviceThreads;
import dev.socratic.trainer.model.Decoder;
import dev.socratic.trainer.model.MicroBatch;
import dev.socratic.trainer.model.Replicas;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Each replica takes every n-th micro-batch, all at the same time; then their gradients are summed in the order of the
 * replicas. Parameters are spread before the step, whatever has changed them: an update, a checkpoint, the best adapter.
 */
final class ReplicatedGradients implements StepGradients {
    private final Replicas replicas;
    private final List<Decoder> decoders;
    private final DeviceThreads threads;

    ReplicatedGradients(Replicas replicas) {
        this.replicas = replicas;
        this.decoders = replicas.decoders();
        this.threads = new DeviceThreads(decoders.stream().map(this::device).toList());
    }

    private String device(Decoder decoder) {
        return decoder.layout().get(0).device();
    }

    @Override
    public double sum(Step step) {
        replicas.first().adapter().zeroGradients();
        replicas.spread();
        MicroBatch[] begun = new MicroBatch[step.micro().size()];
        try (NDManager results = replicas.first().newScope()) {
            Map<String, Runnable> work = new LinkedHashMap<>();
            for (int i = 0; i < decoders.size(); i++) {
                int first = i;
                work.put(device(decoders.get(i)), () -> share(first, step, results, begun));
            }
            threads.run(work);
            replicas.gather();
            return StepGradients.total(Arrays.asList(begun));
        }
    }

    private void share(int first, Step step, NDManager results, MicroBatch[] begun) {
        Decoder decoder = decoders.get(first);
        List<MicroBatch> own = new ArrayList<>();
        for (int i = first; i < begun.length; i += decoders.size()) {
            begun[i] = step.begin(decoder, results, i);
            own.add(begun[i]);
        }
        SequentialGradients.pass(decoder, own);
    }

    @Override
    public void close() {
        threads.close();
    }
}
