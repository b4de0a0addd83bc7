package dev.socratic.trainer.cli;

import dev.socratic.trainer.checkpoint.Checkpoint;
import dev.socratic.trainer.checkpoint.SafetensorsWriter;
import dev.socratic.trainer.checkpoint.TensorToWrite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/** A Llama of one block with random weights, whose tokenizer knows five words. */
final class TinyModel {
    private static final int HIDDEN = 8;
    private static final int VOCABULARY = 8;

    private TinyModel() {}

    static void write(Path folder) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("config.json"), """
                {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 8, "hidden_size": 8,
                 "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1,
                 "head_dim": 4, "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "hidden_act": "silu",
                 "max_position_embeddings": 64, "tie_word_embeddings": true, "eos_token_id": 1, "bos_token_id": 0}
                """);
        Files.writeString(folder.resolve("tokenizer.json"), """
                {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [
                  {"id": 0, "content": "<s>", "single_word": false, "lstrip": false, "rstrip": false,
                   "normalized": false, "special": true},
                  {"id": 1, "content": "</s>", "single_word": false, "lstrip": false, "rstrip": false,
                   "normalized": false, "special": true}],
                 "normalizer": null, "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null, "decoder": null,
                 "model": {"type": "WordLevel", "unk_token": "<unk>",
                  "vocab": {"<s>": 0, "</s>": 1, "<unk>": 2, "a": 3, "b": 4, "ab": 5, "ba": 6, "c": 7}}}
                """);
        Files.writeString(
                folder.resolve("tokenizer_config.json"),
                "{\"tokenizer_class\": \"PreTrainedTokenizerFast\", \"bos_token\": \"<s>\", \"eos_token\": \"</s>\"}");
        Random random = new Random(1);
        Map<String, TensorToWrite> tensors = new TreeMap<>();
        tensors.put("model.embed_tokens.weight", matrix(random, VOCABULARY, HIDDEN));
        tensors.put("model.norm.weight", ones());
        String layer = "model.layers.0.";
        tensors.put(layer + "input_layernorm.weight", ones());
        tensors.put(layer + "post_attention_layernorm.weight", ones());
        tensors.put(layer + "self_attn.q_proj.weight", matrix(random, 8, HIDDEN));
        tensors.put(layer + "self_attn.k_proj.weight", matrix(random, 4, HIDDEN));
        tensors.put(layer + "self_attn.v_proj.weight", matrix(random, 4, HIDDEN));
        tensors.put(layer + "self_attn.o_proj.weight", matrix(random, HIDDEN, 8));
        tensors.put(layer + "mlp.gate_proj.weight", matrix(random, 16, HIDDEN));
        tensors.put(layer + "mlp.up_proj.weight", matrix(random, 16, HIDDEN));
        tensors.put(layer + "mlp.down_proj.weight", matrix(random, HIDDEN, 16));
        SafetensorsWriter.write(folder.resolve(Checkpoint.SINGLE_FILE), Map.of("format", "pt"), tensors);
    }

    private static TensorToWrite matrix(Random random, int rows, int columns) {
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian() * 0.3f;
        }
        return TensorToWrite.floats(new long[] {rows, columns}, values);
    }

    private static TensorToWrite ones() {
        float[] values = new float[HIDDEN];
        Arrays.fill(values, 1);
        return TensorToWrite.floats(new long[] {HIDDEN}, values);
    }
}
