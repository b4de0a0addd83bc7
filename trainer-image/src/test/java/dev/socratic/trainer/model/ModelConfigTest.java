package dev.socratic.trainer.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.TrainerFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelConfigTest {
    private static final String SIZES = "vocab_size: 90, hidden_size: 64, intermediate_size: 96, num_hidden_layers: 7, "
            + "num_attention_heads: 4, num_key_value_heads: 2";

    @TempDir
    Path folder;

    /** The right-hand sides are what transformers 5.23's own configuration classes hold for these files. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Llama   |                                                                    | 0 0 0 0 0 0 0",
                "Llama   | layer_types: [x], sliding_window: 5                                | 0 0 0 0 0 0 0",
                "Mistral |                                                                    | 4096 4096 4096 4096 4096 4096 4096",
                "Mistral | sliding_window: null                                               | 0 0 0 0 0 0 0",
                "Mistral | sliding_window: 9                                                  | 9 9 9 9 9 9 9",
                "Qwen2   | sliding_window: 9, max_window_layers: 2                            | 0 0 0 0 0 0 0",
                "Qwen2   | use_sliding_window: true, sliding_window: 9, max_window_layers: 2  | 0 0 9 9 9 9 9",
                "Qwen2   | use_sliding_window: true, sliding_window: 9, max_window_layers: 0  | 9 9 9 9 9 9 9",
                "Qwen3   | use_sliding_window: true, max_window_layers: 6                     | 0 0 0 0 0 0 4096",
                "Phi3    | sliding_window: 2047                                               | 2047 2047 2047 2047 2047 2047 2047",
                "Gemma2  | sliding_window: 9                                                  | 9 0 9 0 9 0 9",
                "Gemma3  | sliding_window: 9                                                  | 9 9 9 9 9 0 9",
                "Gemma3  | sliding_window: 9, sliding_window_pattern: 3                       | 9 9 0 9 9 0 9",
            })
    void eachLayerHasItsWindow(String model, String given, String windows) throws IOException {
        ModelConfig config = read(model, given);
        assertThat(config.layers())
                .extracting(ModelConfig.LayerConfig::window)
                .isEqualTo(List.of(windows.split(" ")).stream()
                        .map(Integer::valueOf)
                        .toList());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Llama  | rope_theta: 500                                    | rope_parameters: {rope_type: default, rope_theta: 500}",
                "Llama  | rope_scaling: {type: linear, factor: 4}            | rope_parameters: {rope_type: linear, rope_theta: 10000, factor: 4}",
                "Llama  | max_position_embeddings: 64, rope_scaling: {rope_type: llama3, factor: 4, low_freq_factor: 1, high_freq_factor: 4} "
                        + "| rope_parameters: {rope_type: llama3, factor: 4, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 64}",
                "Gemma3 | rope_theta: 99, rope_local_base_freq: 7, rope_scaling: {rope_type: linear, factor: 8} "
                        + "| rope_parameters: {full_attention: {rope_type: linear, factor: 8, rope_theta: 99}, sliding_attention: {rope_type: default, rope_theta: 7}}",
                "Gemma3 |                                                    | rope_theta: 1000000, rope_local_base_freq: 10000",
                "Phi3   | partial_rotary_factor: 0.5, max_position_embeddings: 64, original_max_position_embeddings: 16, "
                        + "rope_scaling: {type: su, short_factor: [1, 1, 1, 2], long_factor: [2, 3, 4, 5]} "
                        + "| rope_parameters: {rope_type: longrope, partial_rotary_factor: 0.5, original_max_position_embeddings: 16, factor: 4, "
                        + "short_factor: [1, 1, 1, 2], long_factor: [2, 3, 4, 5]}",
            })
    void bothSpellingsOfTheRotarySettingsSayTheSame(String model, String older, String newer) throws IOException {
        assertThat(read(model, older).layers()).isEqualTo(read(model, newer).layers());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "GPT2   |                                              | architectures | GPT2ForCausalLM | LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM",
                "Llama  | rope_scaling: {rope_type: yarn, factor: 2}   | rope_scaling.rope_type | yarn | default, linear or llama3",
                "Llama  | rope_scaling: {type: dynamic, factor: 2}     | rope_scaling.rope_type | dynamic | default, linear or llama3",
                "Llama  | rope_scaling: {type: linear}                 | rope_scaling.factor | nothing | a number above 0",
                "Llama  | partial_rotary_factor: 0.5                   | partial_rotary_factor | 0.5 | 1",
                "Llama  | head_dim: 5                                  | head_dim | 5 | an even number",
                "Llama  | hidden_act: relu                             | hidden_act | relu | gelu_pytorch_tanh or silu",
                "Llama  | attention_dropout: 0.1                       | attention_dropout | 0.1 | 0",
                "Llama  | num_key_value_heads: 3                       | num_key_value_heads | 3 | a divisor of 4",
                "Qwen3  | layer_types: [full_attention]                | layer_types | full_attention | 7 entries",
                "Qwen2  | num_hidden_layers: 1, layer_types: [sliding_attention] | sliding_window | nothing | a size",
                "Gemma2 | num_hidden_layers: 1, layer_types: [chunked_attention] | layer_types | chunked_attention | full_attention or sliding_attention",
                "Gemma3 | use_bidirectional_attention: true            | use_bidirectional_attention | true | false",
                "Gemma3 | rope_parameters: {full_attention: {rope_type: yarn}} | rope_parameters.full_attention.rope_type | yarn | linear",
                "Llama  | quantization_config: {quant_method: gptq, bits: 4} | quantization_config | gptq | nf4 of bitsandbytes, or an unquantized checkpoint",
                "Llama  | quantization_config: {load_in_8bit: true}   | quantization_config | int8 | nf4",
                "Llama  | quantization_config: {load_in_4bit: true, bnb_4bit_quant_type: fp4} | quantization_config | fp4 | nf4",
                "Phi3   | resid_pdrop: 0.1                             | resid_pdrop | 0.1 | 0",
                "Phi3   | rope_scaling: {type: longrope, short_factor: [1], long_factor: [1, 1]} | rope_scaling.short_factor | [1] | 8 numbers",
            })
    void whatCannotBeComputedIsRefusedByName(String model, String given, String where, String found, String allowed) {
        assertThatThrownBy(() -> read(model, given))
                .isInstanceOfSatisfying(
                        TrainerFailure.class, f -> assertThat(f.reason()).isEqualTo(FailureReason.InvalidConfiguration))
                .hasMessageContaining("config.json: " + where + ": ")
                .hasMessageContaining(found)
                .hasMessageContaining(allowed);
    }

    /** @param given YAML's short form of some keys of the file */
    private ModelConfig read(String model, String given) throws IOException {
        ObjectMapper yaml = new ObjectMapper(new com.fasterxml.jackson.dataformat.yaml.YAMLFactory());
        ObjectNode json = (ObjectNode) yaml.readTree("{" + SIZES + "}");
        json.putArray("architectures").add(model + "ForCausalLM");
        if (given != null) {
            json.setAll((ObjectNode) yaml.readTree("{" + given + "}"));
        }
        Files.writeString(folder.resolve("config.json"), json.toString());
        return ModelConfig.read(folder);
    }
}
