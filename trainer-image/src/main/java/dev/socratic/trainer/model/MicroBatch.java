package dev.socratic.trainer.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.socratic.trainer.data.Batch;
import dev.socratic.trainer.engine.Dropout;
import dev.socratic.trainer.engine.Noise;
import dev.socratic.trainer.engine.TokenLoss;
import dev.socratic.trainer.engine.Transfers.Transfer;
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
    private Transfer hidden;
    private Transfer gradient;
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
            hidden = sent(decoder.embedding().noised(scope, embedded, batch.length(), settings.noise), 0);
        }
        NDManager own = scope.newSubManager();
        runs[index] = section.forward(own, hidden.receive(own), batch, starts.get(index), settings.dropout);
        NDArray output = runs[index].output();
        if (index < sections.size() - 1) {
            hidden = sent(output, index + 1);
            return;
        }
        TokenLoss found = decoder.head().lossAndGradient(scope, output, rows, settings.gradientScale);
        found.sum().attach(results);
        loss = found.sum();
        gradient = sent(found.gradient(), index);
    }

    /** Takes it back through a section: adds its share to the gradients of what is trained there. */
    public void backward(int index) {
        DecoderSection section = decoder.sections().get(index);
        NDArray dx;
        try (NDManager own = runs[index].scope()) {
            dx = section.backward(scope, runs[index], gradient.receive(scope));
        }
        runs[index] = null;
        if (index > 0) {
            gradient = sent(dx, index - 1);
        } else {
            decoder.embedding().backward(scope, ids, dx);
        }
    }

    /** On its way to the device of a section. */
    private Transfer sent(NDArray x, int index) {
        return decoder.engine()
                .transfers()
                .send(x, decoder.sections().get(index).device());
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
