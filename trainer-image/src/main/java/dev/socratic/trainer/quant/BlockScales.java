package dev.socratic.trainer.quant;

/** The largest magnitude of every block of {@value Nf4#BLOCK} weights, which its sixteen levels are scaled by. */
public sealed interface BlockScales {
    int blocks();

    /** The scales as dequantization uses them, one a block. */
    float[] absmax();

    /** Kept in binary32. */
    record Plain(float[] absmax) implements BlockScales {
        @Override
        public int blocks() {
            return absmax.length;
        }
    }

    /**
     * Kept as 8-bit codes of {@link DynamicMap} around their mean.
     *
     * @param codes one a block
     * @param nestedAbsmax one for {@value DynamicMap#BLOCK} codes
     * @param offset the mean that was taken off before
     */
    record DoubleQuantized(byte[] codes, float[] nestedAbsmax, float offset) implements BlockScales {
        @Override
        public int blocks() {
            return codes.length;
        }

        @Override
        public float[] absmax() {
            float[] absmax = DynamicMap.dequantize(codes, nestedAbsmax);
            for (int i = 0; i < absmax.length; i++) {
                absmax[i] += offset;
            }
            return absmax;
        }
    }
}
