package dev.socratic.trainer.engine;

import ai.djl.ndarray.NDArray;
import java.util.List;

/** The frozen matrix [rows, columns] = [out, in] of a linear layer, as it is stored on its device. */
public sealed interface Weight {
    long rows();

    long columns();

    /** A matrix in one floating-point type. */
    record Dense(NDArray matrix) implements Weight {
        @Override
        public long rows() {
            return matrix.getShape().get(0);
        }

        @Override
        public long columns() {
            return matrix.getShape().get(1);
        }
    }

    /**
     * A matrix in 4-bit NormalFloat, dequantized for each use.
     *
     * @param source the type the matrix had before it was quantized, to which the backward pass rounds its values
     * @param storage packed codes (uint8, two a byte, padded to whole blocks of 64 values) and the blocks' scales:
     *     [packed, absmax] or, doubly quantized, [packed, absmaxCodes, nestedAbsmax, offset]
     * @param tables what codes mean, shared by all matrices of a device
     */
    record Nf4(long rows, long columns, Precision source, List<NDArray> storage, Nf4Tables tables) implements Weight {
        public Nf4 {
            storage = List.copyOf(storage);
        }
    }

    /**
     * @param pairs [256, 2], the two values of a packed byte, high nibble first
     * @param dynamicMap [256], bitsandbytes' signed 8-bit map for the scales of scales
     */
    record Nf4Tables(NDArray pairs, NDArray dynamicMap) {
        List<NDArray> arrays() {
            return List.of(pairs, dynamicMap);
        }
    }
}
