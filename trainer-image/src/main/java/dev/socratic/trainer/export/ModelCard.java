package dev.socratic.trainer.export;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.socratic.trainer.failure.UnwritableFile;
import dev.socratic.trainer.train.TrainingResult;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * {@code README.md} beside an adapter: the hub's model card, with the fields that PEFT's {@code save_pretrained} sets.
 *
 * @param title such as the resource's name
 * @param base as in the adapter's configuration
 * @param settings by their paths, in order; those that shape an adapter are shown
 */
public record ModelCard(String title, String base, Map<String, String> settings, TrainingResult result) {
    public static final String FILE = "README.md";

    private static final String MARK = "<!-- socratic-trainer writes this file anew while it has this line -->";
    private static final List<String> SHOWN = List.of("tokenizer.", "quantization.", "lora.", "training.");

    /** Writes the card to a folder, unless {@code present} is one that somebody else wrote. */
    public void write(Path folder, Path present) {
        Path file = folder.resolve(FILE);
        try {
            if (!Files.exists(present) || text(present).contains(MARK)) {
                Files.writeString(file, toMarkdown());
            }
        } catch (IOException e) {
            throw UnwritableFile.of(file, e);
        }
    }

    /** Whatever its encoding is. */
    private static String text(Path file) throws IOException {
        return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    }

    String toMarkdown() {
        Map<String, String> shown = new LinkedHashMap<>(settings);
        shown.keySet().removeIf(path -> SHOWN.stream().noneMatch(path::startsWith));
        return header()
                + "---\n\n" + MARK + "\n\n# " + cell(title)
                + "\n\nA LoRA adapter, to be loaded with PEFT beside its base model " + cell(base)
                + ".\n\n## Result\n\n"
                + table("figure", "value", figures())
                + "\n## Settings\n\n"
                + table("setting", "value", shown);
    }

    private String header() {
        YAMLMapper yaml = new YAMLMapper();
        ObjectNode fields = yaml.createObjectNode()
                .put("base_model", base)
                .put("library_name", "peft")
                .put("pipeline_tag", "text-generation");
        Stream.of("base_model:adapter:" + base, "lora", "transformers").forEach(fields.putArray("tags")::add);
        try {
            return yaml.writeValueAsString(fields);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private Map<String, String> figures() {
        Map<String, String> figures = new LinkedHashMap<>();
        figures.put("steps", Integer.toString(result.steps()));
        if (Double.isFinite(result.lastLoss())) {
            figures.put("training loss of the last step", loss(result.lastLoss()));
        }
        result.lastEvaluationLoss()
                .filter(Double::isFinite)
                .ifPresent(loss -> figures.put("evaluation loss of this adapter", loss(loss)));
        return figures;
    }

    private static String loss(double value) {
        return String.format(Locale.ROOT, "%.4f", value);
    }

    private static String table(String left, String right, Map<String, String> rows) {
        StringBuilder table = new StringBuilder("| " + left + " | " + right + " |\n|---|---|\n");
        rows.forEach((name, value) -> table.append("| ")
                .append(cell(name))
                .append(" | ")
                .append(cell(value))
                .append(" |\n"));
        return table.toString();
    }

    /** Text that is neither markup nor the end of a cell. */
    private static String cell(String text) {
        return HtmlText.escaped(text).replaceAll("([\\\\`*_\\[\\]|])", "\\\\$1").replaceAll("\\R", " ");
    }
}
