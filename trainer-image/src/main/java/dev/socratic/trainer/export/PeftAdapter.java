package dev.socratic.trainer.export;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.socratic.api.v1alpha1.spec.LoraSpec;
import dev.socratic.trainer.checkpoint.SafetensorsWriter;
import dev.socratic.trainer.checkpoint.TensorToWrite;
import dev.socratic.trainer.failure.UnwritableFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;

/**
 * An adapter as PEFT's {@code save_pretrained} writes it, so that {@code PeftModel.from_pretrained} reads it.
 *
 * @param targetModules names of the linear layers that have an adapter: whole ones or their last parts
 * @param base name of the model at the hub, or the path of its folder ({@code base_model_name_or_path})
 * @param revision commit of the base model, or null
 * @param tensors by PEFT's names; the embeddings too where the vocabulary has grown
 */
public record PeftAdapter(
        LoraSpec lora,
        List<String> targetModules,
        String base,
        String revision,
        SortedMap<String, TensorToWrite> tensors) {
    public static final String CONFIG = "adapter_config.json";
    public static final String WEIGHTS = "adapter_model.safetensors";

    /** The release whose fields {@link #config()} has. */
    private static final String PEFT_VERSION = "0.21.2";

    private static final List<String> NULL_FIELDS = List.of(
            "alora_invocation_tokens",
            "arrow_config",
            "auto_mapping",
            "corda_config",
            "eva_config",
            "exclude_modules",
            "kasa_config",
            "layer_replication",
            "layers_pattern",
            "layers_to_transform",
            "lora_ga_config",
            "megatron_config",
            "monteclora_config",
            "target_parameters",
            "trainable_token_indices",
            "use_bdlora",
            "velora_config");

    /** @param folder exists; an older adapter there is replaced */
    public void write(Path folder) {
        SafetensorsWriter.write(folder.resolve(WEIGHTS), Map.of("format", "pt"), tensors);
        Path file = folder.resolve(CONFIG);
        try {
            Files.writeString(file, config());
        } catch (IOException e) {
            throw UnwritableFile.of(file, e);
        }
    }

    /** adapter_config.json, fields in alphabetical order as PEFT sorts them. */
    String config() {
        JsonMapper json = new JsonMapper();
        ObjectNode config = json.createObjectNode();
        NULL_FIELDS.forEach(config::putNull);
        config.set("alpha_pattern", json.valueToTree(lora.alphaPattern()));
        config.putObject("loftq_config");
        config.set("rank_pattern", json.valueToTree(lora.rankPattern()));
        config.put("base_model_name_or_path", base)
                .put("bias", lora.bias().name().toLowerCase(Locale.ROOT))
                .put("ensure_weight_tying", false)
                .put("fan_in_fan_out", false)
                .put("inference_mode", true)
                .put("init_lora_weights", true)
                .put("lora_alpha", lora.alpha())
                .put("lora_bias", false)
                .put("lora_dropout", lora.dropout())
                .put("megatron_core", "megatron.core")
                .put("peft_type", "LORA")
                .put("peft_version", PEFT_VERSION)
                .put("qalora_group_size", 16)
                .put("r", lora.r())
                .put("revision", revision)
                .put("task_type", lora.taskType().name())
                .put("use_dora", lora.useDora())
                .put("use_qalora", false)
                .put("use_rslora", lora.useRslora());
        ArrayNode modules = config.putArray("target_modules");
        targetModules.forEach(modules::add);
        if (lora.modulesToSave().isEmpty()) {
            config.putNull("modules_to_save");
        } else {
            lora.modulesToSave().forEach(config.putArray("modules_to_save")::add);
        }
        try {
            return json.writerWithDefaultPrettyPrinter().writeValueAsString(sorted(json, config)) + "\n";
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static ObjectNode sorted(JsonMapper json, ObjectNode config) {
        ObjectNode sorted = json.createObjectNode();
        config.properties().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(field -> sorted.set(field.getKey(), field.getValue()));
        return sorted;
    }
}
