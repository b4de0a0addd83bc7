package dev.socratic.trainer.parallel;

import ai.djl.ndarray.NDManager;
import dev.socratic.trainer.data.Batch;
import dev.socratic.trainer.engine.Dropout;
import dev.socratic.trainer.engine.Noise;
import dev.socratic.trainer.model.Decoder;
import dev.socratic.trainer.model.MicroBatch;
import dev.socratic.trainer.model.Replicas;
import dev.socratic.trainer.placement.Pipeline;
import java.util.List;

/**
 * The gradients of a step's micro-batches, summed into those of the first replica's adapter. Dropout and noise follow from
 * a micro-batch's place in the step and gradients are summed in that order, so that neither depends on the devices but for
 * the rounding of sums over replicas.
 */
public interface StepGradients extends AutoCloseable {
    /**
     * What a step learns from.
     *
     * @param micro batches with at least one label each
     * @param gradientScale factor of the gradient of the summed token losses
     */
    record Step(List<Batch> micro, double gradientScale, Dropout dropout, Noise noise) {
        /** The settings of a micro-batch. */
        private MicroBatch.Settings settings(int index) {
            return new MicroBatch.Settings(gradientScale, dropout.part(index), noise.part(index));
        }

        /** Its micro-batches, begun on a decoder. */
        public MicroBatch begin(Decoder decoder, NDManager results, int index) {
            return decoder.begin(results, micro.get(index), settings(index));
        }
    }

    /** Sets the gradients and gives the sum of all token losses. */
    double sum(Step step);

    @Override
    void close();

    /** For what was loaded: a replica for each of several devices, a pipeline, or one micro-batch after the other. */
    static StepGradients of(Replicas replicas, Pipeline pipeline) {
        if (replicas.decoders().size() > 1) {
            return new ReplicatedGradients(replicas);
        }
        return pipeline.inFlight() > 1
                ? new PipelinedGradients(replicas.first(), pipeline)
                : new SequentialGradients(replicas.first());
    }

    /** One micro-batch after the other through a decoder. */
    static StepGradients on(Decoder decoder) {
        return new SequentialGradients(decoder);
    }

    /** Reads the losses in the order of the micro-batches. */
    static double total(List<MicroBatch> passed) {
        double sum = 0;
        for (MicroBatch micro : passed) {
            sum += micro.loss().toDoubleArray()[0];
        }
        return sum;
    }
}
