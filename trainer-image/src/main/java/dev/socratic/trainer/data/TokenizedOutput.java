package dev.socratic.trainer.data;

import dev.socratic.api.v1alpha1.spec.DatasetSpec;
import dev.socratic.trainer.tokenizer.ChatTokenizer;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Arrays;

/** The {@code tokenize} command's work: what training would see, one JSON object a line. */
public final class TokenizedOutput {
    private final PrintStream out;

    public TokenizedOutput(PrintStream out) {
        this.out = out;
    }

    /**
     * Prints {@code {"input_ids":[…],"labels":[…]}} for each example, in file order.
     *
     * @throws BadData naming file and line
     */
    public void print(Path jsonl, ChatTokenizer tokenizer, DatasetSpec dataset, int maxSequenceLength) {
        Dialogues.forEach(jsonl, tokenizer, dataset, maxSequenceLength, this::print);
        out.flush();
    }

    private void print(Example example) {
        out.print("{\"input_ids\":" + list(example.inputIds()) + ",\"labels\":" + list(example.labels()) + "}\n");
    }

    private static String list(int[] values) {
        return Arrays.toString(values).replace(" ", "");
    }
}
