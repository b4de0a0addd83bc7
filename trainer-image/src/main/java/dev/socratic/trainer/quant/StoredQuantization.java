package dev.socratic.trainer.quant;

import com.fasterxml.jackson.databind.JsonNode;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import dev.socratic.trainer.failure.TrainerFailure;

/** What a model's {@code config.json} says of how its checkpoint is quantized. */
public enum StoredQuantization {
    NONE,
    NF4;

    /** @throws TrainerFailure if it is quantized in another way than bitsandbytes' NF4, naming that way */
    public static StoredQuantization of(String file, JsonNode config) {
        JsonNode quantization = config.path("quantization_config");
        if (!quantization.isObject()) {
            return NONE;
        }
        String where = file + ": quantization_config";
        String method = quantization.path("quant_method").asText("bitsandbytes");
        if (!method.equals("bitsandbytes")) {
            throw refused(where, method);
        }
        if (quantization.path("load_in_8bit").asBoolean()
                || quantization.path("_load_in_8bit").asBoolean()) {
            throw refused(where, "int8");
        }
        String type = quantization.path("bnb_4bit_quant_type").asText("fp4");
        if (!type.equals("nf4")) {
            throw refused(where, type);
        }
        return NF4;
    }

    static TrainerFailure refused(String where, String format) {
        return Problem.of(
                        FailureReason.InvalidConfiguration,
                        "the checkpoint is quantized in a format that this trainer does not compute with")
                .where(where)
                .found(format)
                .allowed("nf4 of bitsandbytes, or an unquantized checkpoint")
                .remedy("name the unquantized model in spec.model.uri, with spec.quantization: {type: nf4}")
                .failure();
    }
}
