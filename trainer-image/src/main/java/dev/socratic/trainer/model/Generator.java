package dev.socratic.trainer.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.socratic.trainer.model.DecoderLayer.LayerCache;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Greedy decoding of several prompts side by side. Keys and values of past tokens are cached; prompts are padded on
 * the right, and each continues at its own position.
 */
public final class Generator {
    private static final int PROMPTS_AT_ONCE = 32;

    private final Decoder decoder;
    private final Set<Integer> endTokens;

    /** @param endTokens tokens that end a reply; they are not part of it */
    public Generator(Decoder decoder, Collection<Integer> endTokens) {
        this.decoder = decoder;
        this.endTokens = Set.copyOf(endTokens);
    }

    /** The end tokens that a model's generation_config.json and config.json name; may be empty. */
    public static Set<Integer> endTokens(Path modelFolder) {
        Set<Integer> tokens = new HashSet<>();
        for (String file : List.of("generation_config.json", ModelConfig.FILE)) {
            Path path = modelFolder.resolve(file);
            if (Files.isRegularFile(path)) {
                try {
                    JsonNode eos = new ObjectMapper().readTree(path.toFile()).path("eos_token_id");
                    if (eos.isInt()) {
                        tokens.add(eos.intValue());
                    }
                    eos.forEach(token -> tokens.add(token.intValue()));
                } catch (IOException e) {
                    throw new UncheckedIOException("cannot read " + path, e);
                }
            }
        }
        return tokens;
    }

    /** The most likely continuation of each prompt, at most {@code maxNewTokens} long, without its end token. */
    public List<int[]> reply(List<int[]> prompts, int maxNewTokens) {
        List<int[]> replies = new ArrayList<>();
        for (int from = 0; from < prompts.size(); from += PROMPTS_AT_ONCE) {
            int to = Math.min(from + PROMPTS_AT_ONCE, prompts.size());
            replies.addAll(together(prompts.subList(from, to), maxNewTokens));
        }
        return replies;
    }

    private List<int[]> together(List<int[]> prompts, int maxNewTokens) {
        int rows = prompts.size();
        int longest = prompts.stream().mapToInt(p -> p.length).max().orElse(0);
        List<List<Integer>> replies = new ArrayList<>();
        prompts.forEach(p -> replies.add(new ArrayList<>()));
        boolean[] ended = new boolean[rows];
        try (NDManager scope = decoder.engine().root().newSubManager()) {
            Caches caches = new Caches(scope, rows, longest + maxNewTokens);
            long[] next = prompt(scope, caches, prompts, longest);
            for (int made = 0; made < maxNewTokens; made++) {
                boolean open = false;
                for (int row = 0; row < rows; row++) {
                    ended[row] |= endTokens.contains((int) next[row]);
                    if (!ended[row]) {
                        replies.get(row).add((int) next[row]);
                        open = true;
                    }
                }
                if (!open || made + 1 == maxNewTokens) {
                    break;
                }
                next = next(scope, caches, prompts, next, made);
            }
        }
        return replies.stream()
                .map(reply -> reply.stream().mapToInt(Integer::intValue).toArray())
                .toList();
    }

    private long[] prompt(NDManager scope, Caches caches, List<int[]> prompts, int longest) {
        int[] tokens = new int[prompts.size() * longest];
        long[] positions = new long[tokens.length];
        long[] last = new long[prompts.size()];
        for (int row = 0; row < prompts.size(); row++) {
            int[] prompt = prompts.get(row);
            System.arraycopy(prompt, 0, tokens, row * longest, prompt.length);
            for (int i = 0; i < longest; i++) {
                positions[row * longest + i] = i;
            }
            last[row] = (long) row * longest + prompt.length - 1;
        }
        return forward(scope, caches, tokens, positions, last);
    }

    private long[] next(NDManager scope, Caches caches, List<int[]> prompts, long[] tokens, int made) {
        int[] inputs = new int[tokens.length];
        long[] positions = new long[tokens.length];
        long[] rows = new long[tokens.length];
        for (int row = 0; row < tokens.length; row++) {
            inputs[row] = (int) tokens[row];
            positions[row] = (long) prompts.get(row).length + made;
            rows[row] = row;
        }
        return forward(scope, caches, inputs, positions, rows);
    }

    /** The most likely token after each of the chosen rows. */
    private long[] forward(NDManager scope, Caches caches, int[] tokens, long[] positions, long[] chosen) {
        try (NDManager inner = scope.newSubManager()) {
            int length = tokens.length / caches.rows;
            NDArray at = inner.create(positions, new Shape(caches.rows, length));
            int longest = (int) Arrays.stream(positions).max().orElse(0) + 1;
            NDArray x = decoder.embedding().embed(inner, decoder.embedding().ids(inner, tokens));
            int block = 0;
            for (DecoderSection section : decoder.sections()) {
                NDArray positionsHere = decoder.engine().tensors().onDevice(inner, at, section.device());
                NDArray here = decoder.engine().tensors().onDevice(inner, x, section.device());
                List<LayerCache> own = new ArrayList<>();
                for (int i = 0; i < section.size(); i++, block++) {
                    own.add(new LayerCache(caches.keys.get(block), caches.values.get(block), positionsHere, longest));
                }
                x = section.through(inner, here, own);
            }
            return decoder.engine().tensors().largest(inner, decoder.head().logits(inner, x, chosen));
        }
    }

    /** Keys and values of all layers, each [rows, total, kvHeads, D] on its layer's device. */
    private final class Caches {
        private final int rows;
        private final List<NDArray> keys = new ArrayList<>();
        private final List<NDArray> values = new ArrayList<>();

        Caches(NDManager scope, int rows, int total) {
            this.rows = rows;
            ModelConfig config = decoder.config();
            Shape shape = new Shape(
                    rows, total, config.heads().keyValue(), config.heads().dimension());
            for (LayerWeights layer : decoder.weights().layers()) {
                DataType type = layer.attentionNorm().output().dataType();
                keys.add(scope.zeros(shape, type, layer.device()));
                values.add(scope.zeros(shape, type, layer.device()));
            }
        }
    }
}
