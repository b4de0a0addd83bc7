package dev.socratic.trainer.quant;

import java.util.Arrays;

/**
 * A weight matrix in four bits an element.
 *
 * @param shape of the matrix before, row-major
 * @param packed two codes a byte over the flat matrix, the earlier one in the high nibble; the last low nibble of an odd
 *     count belongs to no element
 * @param scales one a block of {@value Nf4#BLOCK} elements
 */
public record Nf4Tensor(long[] shape, byte[] packed, BlockScales scales) {
    public long elements() {
        return Arrays.stream(shape).reduce(1, Math::multiplyExact);
    }
}
