package dev.socratic.trainer.quant;

import java.util.regex.Pattern;

/**
 * Which tensors of a decoder are quantized: the weights of the linear layers inside its blocks. Embeddings, norms,
 * biases and the output head keep their type, as transformers' list of skipped modules has it.
 */
public final class InnerLinears {
    private static final Pattern WEIGHT_IN_BLOCK = Pattern.compile("(.*\\.)?layers\\.\\d+\\..*\\.weight");

    private InnerLinears() {}

    public static boolean contains(String tensorName, long[] shape) {
        return shape.length == 2 && WEIGHT_IN_BLOCK.matcher(tensorName).matches();
    }
}
