package dev.socratic.trainer.parallel;

import ai.djl.ndarray.NDManager;
import dev.socratic.trainer.model.Decoder;
import dev.socratic.trainer.model.MicroBatch;
import java.util.List;
import java.util.stream.IntStream;

/** One micro-batch after the other, through all of the model. */
final class SequentialGradients implements StepGradients {
    private final Decoder decoder;

    SequentialGradients(Decoder decoder) {
        this.decoder = decoder;
    }

    @Override
    public double sum(Step step) {
        decoder.adapter().zeroGradients();
        try (NDManager results = decoder.newScope()) {
            List<MicroBatch> begun = IntStream.range(0, step.micro().size())
                    .mapToObj(i -> step.begin(decoder, results, i))
                    .toList();
            pass(decoder, begun);
            return StepGradients.total(begun);
        }
    }

    /** Takes micro-batches through and back, one after the other. */
    static void pass(Decoder decoder, List<MicroBatch> begun) {
        int sections = decoder.layout().size();
        for (MicroBatch micro : begun) {
            try (micro) {
                for (int section = 0; section < sections; section++) {
                    micro.forward(section);
                }
                for (int section = sections - 1; section >= 0; section--) {
                    micro.backward(section);
                }
            }
        }
    }

    @Override
    public void close() {
        // there is nothing beside the decoder
    }
}
