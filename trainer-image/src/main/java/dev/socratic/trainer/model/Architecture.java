package dev.socratic.trainer.model;

import static dev.socratic.trainer.model.Projections.FUSED;
import static dev.socratic.trainer.model.Projections.SEPARATE;

import com.fasterxml.jackson.databind.JsonNode;
import dev.socratic.trainer.engine.NormWeight;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import dev.socratic.trainer.model.ModelConfig.Biases;
import dev.socratic.trainer.model.ModelConfig.Heads;
import dev.socratic.trainer.model.ModelConfig.LayerConfig;
import dev.socratic.trainer.quant.StoredQuantization;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The architectures that are known, by their class in transformers: each maps its {@code config.json} to the decoder's
 * features, with its own defaults.
 */
enum Architecture {
    LlamaForCausalLM {
        @Override
        ModelConfig configure(ConfigFile file) {
            Heads heads = heads(file);
            boolean bias = file.flag("attention_bias", false);
            Biases biases = new Biases(bias, bias, file.flag("mlp_bias", false));
            return llama(file, heads, SEPARATE, biases, NormNames.PRE, alike(file, 0, rope(file, heads)));
        }
    },

    /** Llama with a sliding window. */
    MistralForCausalLM {
        @Override
        ModelConfig configure(ConfigFile file) {
            Heads heads = heads(file, 8);
            int window = file.sizeOrOff("sliding_window", 4096);
            return llama(file, heads, SEPARATE, Biases.NONE, NormNames.PRE, alike(file, window, rope(file, heads)));
        }
    },

    /** Llama with biases of queries, keys and values; the upper layers may have a sliding window. */
    Qwen2ForCausalLM {
        @Override
        ModelConfig configure(ConfigFile file) {
            Heads heads = heads(file);
            Biases biases = new Biases(true, false, false);
            return llama(file, heads, SEPARATE, biases, NormNames.PRE, qwenLayers(file, rope(file, heads)));
        }
    },

    /** Qwen 2 without those biases, but with norms over the heads of queries and keys. */
    Qwen3ForCausalLM {
        @Override
        ModelConfig configure(ConfigFile file) {
            Heads heads = heads(file, 32, file.size("head_dim", 128));
            boolean bias = file.flag("attention_bias", false);
            Biases biases = new Biases(bias, bias, false);
            NormNames norms = NormNames.PRE.withQueryKey();
            return llama(file, heads, SEPARATE, biases, norms, qwenLayers(file, rope(file, heads)));
        }
    },

    /** Llama with fused projections; only part of a head may be turned. */
    Phi3ForCausalLM {
        @Override
        ModelConfig configure(ConfigFile file) {
            Heads heads = heads(file);
            int window = file.sizeOrOff("sliding_window", 0);
            RopeConfig rope = RopeSettings.of(file).readPhi(heads.dimension());
            file.mustBeOff("resid_pdrop");
            return llama(file, heads, FUSED, Biases.NONE, NormNames.PRE, alike(file, window, rope));
        }
    },

    /** Norms on both sides, soft caps, every other layer with a sliding window. */
    Gemma2ForCausalLM {
        @Override
        ModelConfig configure(ConfigFile file) {
            Heads heads = heads(file, 4, file.size("head_dim", 256));
            RopeConfig rope = rope(file, heads);
            int window = file.sizeOrOff("sliding_window", 4096);
            List<LayerConfig> layers = layers(file, file.layerTypes(i -> i % 2 == 0), window, type -> rope);
            double attentionSoftcap = file.numberOrOff("attn_logit_softcapping", 50);
            double finalSoftcap = file.numberOrOff("final_logit_softcapping", 30);
            return gemma(file, heads, NormNames.PRE_AND_POST, attentionSoftcap, finalSoftcap, layers);
        }
    },

    /** Gemma 2 with norms over the heads of queries and keys in place of soft caps; five of six layers are local. */
    Gemma3ForCausalLM {
        @Override
        ModelConfig configure(ConfigFile file) {
            Heads heads = heads(file, 4, file.size("head_dim", 256));
            int window = file.sizeOrOff("sliding_window", 4096);
            int period = file.size("sliding_window_pattern", 6);
            List<LayerType> types = file.layerTypes(i -> (i + 1) % period != 0);
            List<LayerConfig> layers = layers(
                    file, types, window, type -> RopeSettings.of(file, type).read(heads.dimension()));
            // transformers' Gemma3Attention does not use attn_logit_softcapping
            double finalSoftcap = file.numberOrOff("final_logit_softcapping", 0);
            return gemma(file, heads, NormNames.PRE_AND_POST.withQueryKey(), 0, finalSoftcap, layers);
        }
    };

    abstract ModelConfig configure(ConfigFile file);

    /** Norms before attention and MLP, SwiGLU. */
    private static ModelConfig llama(
            ConfigFile file,
            Heads heads,
            Projections projections,
            Biases biases,
            NormNames norms,
            List<LayerConfig> layers) {
        file.mustBeOff("attention_dropout");
        return new ModelConfig(
                file.size("vocab_size"),
                file.size("hidden_size"),
                file.size("intermediate_size"),
                heads,
                projections,
                biases,
                norms,
                NormWeight.Scale.WEIGHT,
                file.number("rms_norm_eps", 1e-6),
                file.activation("hidden_act", "silu"),
                1,
                1 / Math.sqrt(heads.dimension()),
                0,
                0,
                layers,
                file.flag("tie_word_embeddings", false),
                StoredQuantization.of(file.file().toString(), file.root()));
    }

    /** Norms before and after attention and MLP that scale by one plus their weight, scaled embeddings, GeGLU. */
    private static ModelConfig gemma(
            ConfigFile file,
            Heads heads,
            NormNames norms,
            double attentionSoftcap,
            double finalSoftcap,
            List<LayerConfig> layers) {
        int hidden = file.size("hidden_size");
        boolean bias = file.flag("attention_bias", false);
        file.mustBeOff("attention_dropout");
        file.mustBeOff("use_bidirectional_attention");
        return new ModelConfig(
                file.size("vocab_size"),
                hidden,
                file.size("intermediate_size"),
                heads,
                SEPARATE,
                new Biases(bias, bias, false),
                norms,
                NormWeight.Scale.ONE_PLUS_WEIGHT,
                file.number("rms_norm_eps", 1e-6),
                file.activation("hidden_activation", "gelu_pytorch_tanh"),
                Math.sqrt(hidden),
                1 / Math.sqrt(file.number("query_pre_attn_scalar", 256)),
                attentionSoftcap,
                finalSoftcap,
                layers,
                file.flag("tie_word_embeddings", true),
                StoredQuantization.of(file.file().toString(), file.root()));
    }

    private static Heads heads(ConfigFile file) {
        return heads(file, file.size("num_attention_heads"));
    }

    private static Heads heads(ConfigFile file, int keyValueHeads) {
        int divided = file.size("hidden_size") / file.size("num_attention_heads");
        return heads(file, keyValueHeads, file.size("head_dim", divided));
    }

    /** @param keyValueHeads where the file does not say it */
    private static Heads heads(ConfigFile file, int keyValueHeads, int dimension) {
        int heads = file.size("num_attention_heads");
        int shared = file.size("num_key_value_heads", keyValueHeads);
        if (heads % shared != 0) {
            throw file.invalid("num_key_value_heads", file.root().path("num_key_value_heads"), "a divisor of " + heads);
        }
        return new Heads(heads, shared, dimension);
    }

    /** One rotary embedding for all layers, over whole heads. */
    private static RopeConfig rope(ConfigFile file, Heads heads) {
        return RopeSettings.of(file).read(heads.dimension());
    }

    private static List<LayerConfig> alike(ConfigFile file, int window, RopeConfig rope) {
        return Collections.nCopies(file.layers(), new LayerConfig(window, rope));
    }

    private static List<LayerConfig> qwenLayers(ConfigFile file, RopeConfig rope) {
        int window = file.flag("use_sliding_window", false) ? file.sizeOrOff("sliding_window", 4096) : 0;
        int fullLayers = window == 0 ? Integer.MAX_VALUE : file.count("max_window_layers", 28);
        return layers(file, file.layerTypes(i -> i >= fullLayers), window, type -> rope);
    }

    private static List<LayerConfig> layers(
            ConfigFile file, List<LayerType> types, int window, Function<LayerType, RopeConfig> rope) {
        if (window == 0 && types.contains(LayerType.SLIDING_ATTENTION)) {
            throw file.invalid(
                    "sliding_window",
                    file.root().path("sliding_window"),
                    "a size, as layer_types has sliding_attention");
        }
        return types.stream()
                .map(type -> new LayerConfig(type == LayerType.SLIDING_ATTENTION ? window : 0, rope.apply(type)))
                .toList();
    }

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
