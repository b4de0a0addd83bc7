package dev.socratic.trainer.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.socratic.trainer.data.Batch;
import dev.socratic.trainer.engine.Dropout;
import dev.socratic.trainer.engine.Noise;
import dev.socratic.trainer.engine.TokenLoss;
import dev.socratic.trainer.model.DecoderSection.Run;
import java.util.List;
import java.util.Optional;

/**
 * A micro-batch on its way through a decoder's sections and back. What it reads of the batch lies on the devices from the
 * start, so that nothing waits for a copy from the host later. It is in one section at a time, whose thread works on it;
 * who hands it on sees to it that the next thread sees what was written.
 */
public final class MicroBatch implements AutoCloseable {
    private final Decoder decoder;
    private final Batch batch;
    private final Settings settings;
    private final NDManager scope;
    private final NDManager results;
    private final NDArray ids;
    private final OutputHead.Rows rows;
    private final List<Optional<NDArray>> starts;
    private final Run[] runs;
    private NDArray hidden;
    private NDArray gradient;
    private NDArray loss;

    /**
     * How a micro-batch is learned from.
     *
     * @param gradientScale factor of the gradient of its summed token losses
     */
    public record Settings(double gradientScale, Dropout dropout, Noise noise) {}

    MicroBatch(Decoder decoder, NDManager results, Batch batch, Settings settings) {
        this.decoder = decoder;
        this.batch = batch;
        this.settings = settings;
        this.results = results;
        this.scope = decoder.engine().root().newSubManager();
        this.ids = decoder.embedding().ids(scope, batch.inputIds());
        this.rows = decoder.head().rows(scope, LabelledRows.of(batch));
        this.starts = decoder.sections().stream()
                .map(section -> section.starts(scope, batch))
                .toList();
        this.runs = new Run[decoder.sections().size()];
    }

    /** Takes it through a section; behind the last one its loss and the gradient of that are known. */
    public void forward(int index) {
        List<DecoderSection> sections = decoder.sections();
        DecoderSection section = sections.get(index);
        if (index == 0) {
            NDArray embedded = decoder.embedding().embed(scope, ids);
            hidden = decoder.embedding().noised(scope, embedded, batch.length(), settings.noise);
        }
        NDManager own = scope.newSubManager();
        NDArray x = moved(own, hidden, section.device());
        runs[index] = section.forward(own, x, batch, starts.get(index), settings.dropout);
        hidden = runs[index].output();
        if (index == sections.size() - 1) {
            TokenLoss found = decoder.head().lossAndGradient(scope, hidden, rows, settings.gradientScale);
            found.sum().attach(results);
            loss = found.sum();
            gradient = found.gradient();
        }
    }

    /** Takes it back through a section: adds its share to the gradients of what is trained there. */
    public void backward(int index) {
        DecoderSection section = decoder.sections().get(index);
        try (NDManager own = runs[index].scope()) {
            gradient = section.backward(scope, runs[index], moved(scope, gradient, section.device()));
        }
        runs[index] = null;
        if (index == 0) {
            decoder.embedding().backward(scope, ids, gradient);
        }
    }

    /** On the device; where that is another one the copy is the only one that is left. */
    private NDArray moved(NDManager owner, NDArray x, Device device) {
        NDArray here = decoder.engine().tensors().onDevice(owner, x, device);
        if (here != x) {
            x.close();
        }
        return here;
    }

    /** The sum of the token losses, a float64 scalar that belongs to the results of the step. */
    public NDArray loss() {
        return loss;
    }

    @Override
    public void close() {
        scope.close();
    }
}
