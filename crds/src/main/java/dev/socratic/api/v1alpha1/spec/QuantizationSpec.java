package dev.socratic.api.v1alpha1.spec;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;

/** Quantization of the frozen linear layers; an absent section means none. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record QuantizationSpec(
        @JsonPropertyDescription("Format of the frozen weights: nf4 (4 bit NormalFloat in blocks of 64).")
        @Default("nf4")
        QuantizationType type,

        @JsonPropertyDescription("Whether the scale of each block is itself quantized to 8 bit, in blocks of 256.")
        @Default("true")
        boolean doubleQuant,

        @JsonPropertyDescription(
                "Type that weights are dequantized to and multiplied in: float16, bfloat16 or float32.")
        @Default("float16")
        Dtype computeDtype,

        @JsonPropertyDescription("Type that packed weights are stored in: uint8 (two weights a byte).")
        @Default("uint8")
        StorageDtype storageDtype) {}
