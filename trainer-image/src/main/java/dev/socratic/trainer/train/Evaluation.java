package dev.socratic.trainer.train;

import dev.socratic.trainer.data.Batch;
import dev.socratic.trainer.data.Example;
import dev.socratic.trainer.model.Decoder;
import java.util.ArrayList;
import java.util.List;

/**
 * The evaluation loss as transformers' Trainer reports it: each batch has the mean over its label tokens, and the batches
 * are weighted by their examples. A batch without a label has no loss and is left out.
 */
final class Evaluation {
    private final Decoder decoder;
    private final List<Batch> batches = new ArrayList<>();

    Evaluation(Decoder decoder, List<Example> examples, int batchSize) {
        this.decoder = decoder;
        for (int from = 0; from < examples.size(); from += batchSize) {
            Batch batch = Batch.of(examples.subList(from, Math.min(from + batchSize, examples.size())));
            if (batch.learnedTokens() > 0) {
                batches.add(batch);
            }
        }
    }

    double loss() {
        double sum = 0;
        int examples = 0;
        for (Batch batch : batches) {
            sum += batch.rows() * decoder.loss(batch) / batch.learnedTokens();
            examples += batch.rows();
        }
        return sum / examples;
    }
}
