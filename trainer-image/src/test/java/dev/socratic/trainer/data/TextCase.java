package dev.socratic.trainer.data;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.socratic.api.v1alpha1.spec.DatasetSpec;
import dev.socratic.api.v1alpha1.spec.LossScope;
import dev.socratic.trainer.tokenizer.ChatTokenizer;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;

/** A folder written by src/test/parity/text.py with transformers. */
record TextCase(Path folder, Settings settings) {
    record Settings(
            List<String> additionalSpecialTokens,
            LossScope loss,
            int maxSequenceLength,
            int size,
            List<Decoded> decoded) {}

    record Decoded(int[] ids, String kept, String skipped) {}

    static TextCase named(String name) throws IOException {
        try {
            Path folder = Path.of(TextCase.class.getResource("/text/" + name).toURI());
            ObjectMapper json = new ObjectMapper();
            return new TextCase(
                    folder, json.readValue(folder.resolve("case.json").toFile(), Settings.class));
        } catch (URISyntaxException e) {
            throw new IOException(e);
        }
    }

    ChatTokenizer tokenizer() {
        return ChatTokenizer.load(folder, settings.additionalSpecialTokens());
    }

    DatasetSpec dataset() {
        return new DatasetSpec("file:///train.jsonl", null, settings.loss(), false, false, null);
    }
}
