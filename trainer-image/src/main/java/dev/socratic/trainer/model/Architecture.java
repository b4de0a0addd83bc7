package dev.socratic.trainer.model;

import com.fasterxml.jackson.databind.JsonNode;
import dev.socratic.trainer.engine.NormWeight;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** The architectures that are known: each maps its {@code config.json} to the decoder's features, with its own defaults. */
enum Architecture {
    /** transformers' models/gemma2: norms on both sides, soft caps, every other layer with a sliding window. */
    Gemma2ForCausalLM {
        @Override
        ModelConfig configure(ConfigFile file) {
            int layers = file.size("num_hidden_layers");
            int hidden = file.size("hidden_size");
            RopeConfig rope = file.rope(10_000);
            List<Integer> windows = file.windows(layers, file.size("sliding_window", 4096), 2);
            String activation = file.given("hidden_activation") ? "hidden_activation" : "hidden_act";
            boolean bias = file.flag("attention_bias", false);
            return new ModelConfig(
                    name(),
                    file.size("vocab_size"),
                    hidden,
                    file.size("intermediate_size"),
                    file.size("num_attention_heads"),
                    file.size("num_key_value_heads"),
                    file.size("head_dim", 256),
                    file.number("rms_norm_eps", 1e-6),
                    NormWeight.Scale.ONE_PLUS_WEIGHT,
                    file.activation(activation, "gelu_pytorch_tanh"),
                    Math.sqrt(hidden),
                    1 / Math.sqrt(file.number("query_pre_attn_scalar", 256)),
                    file.numberOrOff("attn_logit_softcapping", 50),
                    file.numberOrOff("final_logit_softcapping", 30),
                    windows.stream()
                            .map(w -> new ModelConfig.LayerConfig(w, rope))
                            .toList(),
                    NormNames.PRE_AND_POST,
                    new ModelConfig.Biases(bias, bias, false),
                    file.flag("tie_word_embeddings", true));
        }
    },

    /** transformers' models/llama. */
    LlamaForCausalLM {
        @Override
        ModelConfig configure(ConfigFile file) {
            int layers = file.size("num_hidden_layers");
            int hidden = file.size("hidden_size");
            int heads = file.size("num_attention_heads");
            int headDimension = file.size("head_dim", hidden / heads);
            RopeConfig rope = file.rope(10_000);
            boolean bias = file.flag("attention_bias", false);
            return new ModelConfig(
                    name(),
                    file.size("vocab_size"),
                    hidden,
                    file.size("intermediate_size"),
                    heads,
                    file.size("num_key_value_heads", heads),
                    headDimension,
                    file.number("rms_norm_eps", 1e-6),
                    NormWeight.Scale.WEIGHT,
                    file.activation("hidden_act", "silu"),
                    1,
                    1 / Math.sqrt(headDimension),
                    0,
                    0,
                    file.windows(layers, 0, 1).stream()
                            .map(w -> new ModelConfig.LayerConfig(w, rope))
                            .toList(),
                    NormNames.PRE,
                    new ModelConfig.Biases(bias, bias, file.flag("mlp_bias", false)),
                    file.flag("tie_word_embeddings", false));
        }
    };

    abstract ModelConfig configure(ConfigFile file);

    static Architecture of(Path file, JsonNode root) {
        String name = root.path("architectures").path(0).asText("");
        Optional<Architecture> known =
                Arrays.stream(values()).filter(a -> a.name().equals(name)).findFirst();
        return known.orElseThrow(
                () -> Problem.of(FailureReason.InvalidConfiguration, "the model has an architecture that is not known")
                        .where(file + ": architectures")
                        .found(name)
                        .allowed(Arrays.stream(values()).map(Enum::name).collect(Collectors.joining(", ")))
                        .remedy("choose a model of one of these; code from a model's repository is never run")
                        .failure());
    }
}
