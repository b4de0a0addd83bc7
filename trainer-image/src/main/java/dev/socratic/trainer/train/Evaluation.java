package dev.socratic.trainer.train;

import dev.socratic.trainer.data.Batch;
import dev.socratic.trainer.data.Example;
import dev.socratic.trainer.data.MicroBatching;
import dev.socratic.trainer.model.Decoder;
import java.util.ArrayList;
import java.util.List;

/**
 * The evaluation loss as transformers' Trainer reports it: each batch has the mean over its label tokens, and the batches
 * are weighted by their examples. A batch without a label has no loss and is left out.
 */
final class Evaluation {
    private final Decoder decoder;
    private final List<EvaluationBatch> batches = new ArrayList<>();

    /** @param parts what passes through the model at once */
    private record EvaluationBatch(List<Batch> parts, int examples, int tokens) {}

    /**
     * @param batchSize examples whose losses have one mean
     * @param microBatching how they pass through the model
     */
    Evaluation(Decoder decoder, List<Example> examples, int batchSize, MicroBatching microBatching) {
        this.decoder = decoder;
        for (int from = 0; from < examples.size(); from += batchSize) {
            List<Example> batch = examples.subList(from, Math.min(from + batchSize, examples.size()));
            List<Batch> parts = microBatching.parts(batch).stream()
                    .filter(part -> part.learnedTokens() > 0)
                    .toList();
            if (!parts.isEmpty()) {
                int tokens = parts.stream().mapToInt(Batch::learnedTokens).sum();
                batches.add(new EvaluationBatch(parts, batch.size(), tokens));
            }
        }
    }

    double loss() {
        double sum = 0;
        int examples = 0;
        for (EvaluationBatch batch : batches) {
            double losses = batch.parts.stream().mapToDouble(decoder::loss).sum();
            sum += batch.examples * losses / batch.tokens;
            examples += batch.examples;
        }
        return sum / examples;
    }
}
