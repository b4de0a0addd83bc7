package dev.socratic.trainer.engine;

import ai.djl.ndarray.types.DataType;
import dev.socratic.api.v1alpha1.spec.Dtype;
import dev.socratic.trainer.checkpoint.DType;
import dev.socratic.trainer.checkpoint.HalfPrecision;
import java.util.Arrays;

/** A floating-point type of tensors, with its number in torch's enumeration of scalar types (c10/core/ScalarType.h). */
public enum Precision {
    FLOAT32(6, DataType.FLOAT32, DType.F32),
    FLOAT16(5, DataType.FLOAT16, DType.F16),
    BFLOAT16(15, DataType.BFLOAT16, DType.BF16);

    private final int scalarType;
    private final DataType dataType;
    private final DType stored;

    Precision(int scalarType, DataType dataType, DType stored) {
        this.scalarType = scalarType;
        this.dataType = dataType;
        this.stored = stored;
    }

    public static Precision of(Dtype dtype) {
        return switch (dtype) {
            case FLOAT32 -> FLOAT32;
            case FLOAT16 -> FLOAT16;
            case BFLOAT16 -> BFLOAT16;
        };
    }

    /** The precision of tensors whose type has a number in torch. */
    public static Precision ofScalarType(int scalarType) {
        return Arrays.stream(values())
                .filter(precision -> precision.scalarType == scalarType)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no floating-point type of tensors: " + scalarType));
    }

    /** The value of this type that is nearest to a float. */
    public float round(float value) {
        return switch (this) {
            case FLOAT32 -> value;
            case FLOAT16 -> HalfPrecision.halfToFloat(HalfPrecision.floatToHalf(value));
            case BFLOAT16 -> HalfPrecision.bfloatToFloat(HalfPrecision.floatToBfloat(value));
        };
    }

    /** The type's number in torch. */
    public int scalarType() {
        return scalarType;
    }

    public DataType dataType() {
        return dataType;
    }

    /** The type's name in a safetensors file. */
    public DType stored() {
        return stored;
    }

    public int bytes() {
        return stored.bytes();
    }
}
