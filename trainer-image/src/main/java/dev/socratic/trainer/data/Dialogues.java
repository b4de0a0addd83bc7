package dev.socratic.trainer.data;

import dev.socratic.api.v1alpha1.spec.DatasetSpec;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import dev.socratic.trainer.tokenizer.ChatTokenizer;
import dev.socratic.trainer.tokenizer.TemplateRefusal;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads a dataset of JSON lines. Each line is one dialogue in one of three forms: messages, prompt with completion, or
 * text. The order of the file is kept, and so is an example whose labels are all cut off: it counts as an example of its
 * batch, without a share in the loss.
 */
public final class Dialogues {
    private static final Logger LOG = LoggerFactory.getLogger(Dialogues.class);

    private Dialogues() {}

    /**
     * @param maxSequenceLength tokens at which an example is cut
     * @throws BadData naming file and line
     */
    public static List<Example> read(Path jsonl, ChatTokenizer tokenizer, DatasetSpec dataset, int maxSequenceLength) {
        List<Example> examples = new ArrayList<>();
        long cut = forEach(jsonl, tokenizer, dataset, maxSequenceLength, examples::add);
        if (examples.isEmpty()) {
            throw new BadData(BadData.what("the dataset has no example")
                    .where(jsonl.getFileName().toString())
                    .remedy("write one dialogue a line"));
        }
        long unlearned = examples.stream().filter(e -> e.learnedTokens() == 0).count();
        if (cut > 0 || unlearned > 0) {
            LOG.warn(
                    "of {} examples {} are longer than maxSequenceLength {} and were cut; {} have no token to learn",
                    examples.size(),
                    cut,
                    maxSequenceLength,
                    unlearned);
        }
        return examples;
    }

    /**
     * The same, one example at a time: memory does not grow with the file.
     *
     * @return how many were longer and are cut
     */
    static long forEach(
            Path jsonl, ChatTokenizer tokenizer, DatasetSpec dataset, int maxSequenceLength, Consumer<Example> sink) {
        Labels labels = new Labels(tokenizer, dataset.loss());
        long cut = 0;
        try (JsonLines lines = new JsonLines(jsonl)) {
            for (String line = lines.next(); line != null; line = lines.next()) {
                Example whole = label(line, labels, lines.where());
                cut += whole.length() > maxSequenceLength ? 1 : 0;
                sink.accept(cut(whole, maxSequenceLength));
            }
            return cut;
        } catch (IOException e) {
            throw Problem.of(FailureReason.DatasetNotFound, "the dataset cannot be read: " + e.getMessage())
                    .where(jsonl.toString())
                    .remedy("check dataset.uri")
                    .failure(e);
        }
    }

    private static Example label(String line, Labels labels, String where) {
        try {
            return labels.label(Dialogue.parse(line, where));
        } catch (TemplateRefusal refusal) {
            throw new BadData(BadData.what("the model's chat template refuses the dialogue")
                    .where(where)
                    .found(refusal.getMessage())
                    .remedy("change the roles of the line's messages to what the model was trained with"));
        }
    }

    private static Example cut(Example example, int length) {
        return example.length() <= length
                ? example
                : new Example(Arrays.copyOf(example.inputIds(), length), Arrays.copyOf(example.labels(), length));
    }
}
