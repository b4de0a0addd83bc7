package dev.socratic.trainer.quant;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.socratic.api.v1alpha1.spec.Dtype;
import dev.socratic.api.v1alpha1.spec.QuantizationSpec;
import dev.socratic.trainer.checkpoint.Checkpoint;
import dev.socratic.trainer.checkpoint.DType;
import dev.socratic.trainer.checkpoint.SafetensorsWriter;
import dev.socratic.trainer.checkpoint.StoredTensor;
import dev.socratic.trainer.checkpoint.TensorToWrite;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import dev.socratic.trainer.failure.UnwritableFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * A model folder as transformers' {@code save_pretrained} leaves it after loading in 4 bits: one {@code
 * model.safetensors} with packed weights and their quantization state, and a {@code config.json} that says so.
 */
public final class QuantizedCheckpoint {
    private static final JsonMapper JSON = new JsonMapper();
    private static final String CONFIG = "config.json";
    private static final String EMBEDDING = "model.embed_tokens.weight";
    private static final String HEAD = "lm_head.weight";

    /** How safetensors' own writer orders tensors: wider types first, then by name. */
    private static final Comparator<DType> FILE_ORDER =
            Comparator.comparingInt(DType::bytes).reversed().thenComparing(DType::compareTo);

    private final Map<DType, Map<String, TensorToWrite>> tensors = new TreeMap<>(FILE_ORDER);
    private final Dtype dtype;
    private final QuantizationSpec spec;

    private QuantizedCheckpoint(Dtype dtype, QuantizationSpec spec) {
        this.dtype = dtype;
        this.spec = spec;
    }

    /**
     * @param model folder with config.json and weights, in one file or in shards
     * @param dtype the type that the model is loaded in: every weight is rounded to it, then the linear layers are
     *     quantized
     * @param target an existing folder
     * @return the number of quantized matrices
     */
    public static int write(Path model, Dtype dtype, QuantizationSpec spec, Path target) {
        ObjectNode config = readConfig(model.resolve(CONFIG));
        QuantizedCheckpoint quantized = new QuantizedCheckpoint(dtype, spec);
        try (Checkpoint checkpoint = Checkpoint.open(model)) {
            int matrices = quantized.add(checkpoint, config, model);
            Map<String, TensorToWrite> inFileOrder = new LinkedHashMap<>();
            quantized.tensors.values().forEach(inFileOrder::putAll);
            SafetensorsWriter.write(target.resolve(Checkpoint.SINGLE_FILE), Map.of("format", "pt"), inFileOrder);
            quantized.writeConfig(config, target.resolve(CONFIG));
            return matrices;
        }
    }

    private int add(Checkpoint checkpoint, ObjectNode config, Path model) {
        boolean tied = config.path("tie_word_embeddings").asBoolean(true) && !checkpoint.hasDifferent(HEAD, EMBEDDING);
        DType stored = storedType(dtype);
        int matrices = 0;
        for (String name : checkpoint.names()) {
            StoredTensor tensor = checkpoint.tensor(name);
            if (name.contains(".quant_state.")) {
                throw Problem.of(FailureReason.InvalidData, "the model is quantized already")
                        .where(model.toString())
                        .found(name)
                        .remedy("name the unquantized model in spec.model.uri")
                        .failure();
            }
            if (InnerLinears.contains(name, tensor.shape())) {
                DoubleQuant doubleQuant = spec.doubleQuant() ? DoubleQuant.ON : DoubleQuant.OFF;
                QuantState.of(Nf4.quantize(tensor, stored, doubleQuant), dtype)
                        .forEach((suffix, part) -> add(name + suffix, part));
                matrices++;
            } else if (!(tied && name.equals(HEAD)) && !name.endsWith(".rotary_emb.inv_freq")) {
                add(
                        name,
                        tensor.dtype().isFloatingPoint()
                                ? TensorToWrite.cast(tensor, stored)
                                : TensorToWrite.copyOf(tensor));
            }
        }
        return matrices;
    }

    private void add(String name, TensorToWrite tensor) {
        tensors.computeIfAbsent(tensor.dtype(), type -> new TreeMap<>()).put(name, tensor);
    }

    private void writeConfig(ObjectNode config, Path file) {
        ObjectNode quantization = JSON.createObjectNode()
                .put("_load_in_4bit", true)
                .put("_load_in_8bit", false)
                .put("bnb_4bit_compute_dtype", pythonName(spec.computeDtype()))
                .put("bnb_4bit_quant_storage", spec.storageDtype().name().toLowerCase(Locale.ROOT))
                .put("bnb_4bit_quant_type", spec.type().name().toLowerCase(Locale.ROOT))
                .put("bnb_4bit_use_double_quant", spec.doubleQuant())
                .put("llm_int8_enable_fp32_cpu_offload", false)
                .put("llm_int8_has_fp16_weight", false)
                .putNull("llm_int8_skip_modules")
                .put("llm_int8_threshold", 6.0)
                .put("load_in_4bit", true)
                .put("load_in_8bit", false)
                .put("quant_method", "bitsandbytes");
        config.remove("torch_dtype");
        config.put("dtype", pythonName(dtype));
        config.set("quantization_config", quantization);
        Map<String, JsonNode> sorted = new TreeMap<>();
        config.fields().forEachRemaining(field -> sorted.put(field.getKey(), field.getValue()));
        try {
            Files.writeString(file, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(sorted) + "\n");
        } catch (IOException e) {
            throw UnwritableFile.of(file, e);
        }
    }

    private static ObjectNode readConfig(Path file) {
        try {
            if (JSON.readTree(Files.readString(file)) instanceof ObjectNode config) {
                return config;
            }
            throw new IOException("not a JSON object");
        } catch (IOException e) {
            throw Problem.of(FailureReason.ModelNotFound, "the model's configuration cannot be read (" + e + ")")
                    .where(file.toString())
                    .remedy("check spec.model.uri: it names a folder with config.json and safetensors")
                    .failure(e);
        }
    }

    private static DType storedType(Dtype dtype) {
        return switch (dtype) {
            case FLOAT32 -> DType.F32;
            case FLOAT16 -> DType.F16;
            case BFLOAT16 -> DType.BF16;
        };
    }

    static String pythonName(Dtype dtype) {
        return dtype.name().toLowerCase(Locale.ROOT);
    }
}
