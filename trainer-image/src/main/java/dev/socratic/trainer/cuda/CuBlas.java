package dev.socratic.trainer.cuda;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import dev.socratic.trainer.engine.Precision;

/**
 * Matrix products by cuBLAS, in row-major terms: what is [rows, columns] here is [columns, rows] there. Sums are float32
 * whatever the operands are.
 */
final class CuBlas {
    private static final int PLAIN = 0;
    private static final int TRANSPOSED = 1;
    private static final int COMPUTE_32F = 68;
    private static final int DEFAULT_ALGORITHM = -1;

    private final long handle;
    private final Memory alpha = new Memory(Float.BYTES);
    private final Memory beta = new Memory(Float.BYTES);
    private final long alphaAt = Pointer.nativeValue(alpha);
    private final long betaAt = Pointer.nativeValue(beta);

    /** A handle for the context that is current. */
    CuBlas() {
        Native.register(CuBlas.class, SystemLibrary.open("libcublas"));
        try (Memory created = new Memory(Long.BYTES)) {
            check(cublasCreate_v2(created));
            handle = created.getLong(0);
        }
    }

    private native int cublasCreate_v2(Pointer result);

    private native int cublasGemmEx(
            long handle,
            int transA,
            int transB,
            int m,
            int n,
            int k,
            long alpha,
            long a,
            int aType,
            int lda,
            long b,
            int bType,
            int ldb,
            long beta,
            long c,
            int cType,
            int ldc,
            int compute,
            int algorithm);

    private native int cublasGemmStridedBatchedEx(
            long handle,
            int transA,
            int transB,
            int m,
            int n,
            int k,
            long alpha,
            long a,
            int aType,
            int lda,
            long strideA,
            long b,
            int bType,
            int ldb,
            long strideB,
            long beta,
            long c,
            int cType,
            int ldc,
            long strideC,
            int count,
            int compute,
            int algorithm);

    /**
     * An operand or a result.
     *
     * @param stride elements from row to row
     * @param next elements from a matrix of a batch to the next
     */
    record Matrix(long address, long stride, Precision type, long next) {
        Matrix(long address, long stride, Precision type) {
            this(address, stride, type, 0);
        }

        private int cudaType() {
            return switch (type) {
                case FLOAT32 -> 0;
                case FLOAT16 -> 2;
                case BFLOAT16 -> 14;
            };
        }
    }

    /** c [m, n] = scale * a [m, k] b [n, k]^T + kept * c. */
    void timesTransposed(Matrix a, Matrix b, Matrix c, long m, long n, long k, double scale, double kept) {
        multiply(TRANSPOSED, PLAIN, b, a, c, n, m, k, scale, kept);
    }

    /** c [m, n] = scale * a [m, k] b [k, n] + kept * c. */
    void times(Matrix a, Matrix b, Matrix c, long m, long n, long k, double scale, double kept) {
        multiply(PLAIN, PLAIN, b, a, c, n, m, k, scale, kept);
    }

    /** c [m, n] = scale * a [k, m]^T b [k, n] + kept * c. */
    void transposedTimes(Matrix a, Matrix b, Matrix c, long m, long n, long k, double scale, double kept) {
        multiply(PLAIN, TRANSPOSED, b, a, c, n, m, k, scale, kept);
    }

    /** {@link #timesTransposed} for each matrix of a batch. */
    void eachTimesTransposed(int count, Matrix a, Matrix b, Matrix c, long m, long n, long k) {
        each(count, TRANSPOSED, b, a, c, n, m, k);
    }

    /** {@link #times} for each matrix of a batch. */
    void eachTimes(int count, Matrix a, Matrix b, Matrix c, long m, long n, long k) {
        each(count, PLAIN, b, a, c, n, m, k);
    }

    private void multiply(
            int transA, int transB, Matrix a, Matrix b, Matrix c, long m, long n, long k, double scale, double kept) {
        alpha.setFloat(0, (float) scale);
        beta.setFloat(0, (float) kept);
        check(cublasGemmEx(
                handle,
                transA,
                transB,
                (int) m,
                (int) n,
                (int) k,
                alphaAt,
                a.address,
                a.cudaType(),
                (int) a.stride,
                b.address,
                b.cudaType(),
                (int) b.stride,
                betaAt,
                c.address,
                c.cudaType(),
                (int) c.stride,
                COMPUTE_32F,
                DEFAULT_ALGORITHM));
    }

    private void each(int count, int transA, Matrix a, Matrix b, Matrix c, long m, long n, long k) {
        alpha.setFloat(0, 1);
        beta.setFloat(0, 0);
        check(cublasGemmStridedBatchedEx(
                handle,
                transA,
                PLAIN,
                (int) m,
                (int) n,
                (int) k,
                alphaAt,
                a.address,
                a.cudaType(),
                (int) a.stride,
                a.next,
                b.address,
                b.cudaType(),
                (int) b.stride,
                b.next,
                betaAt,
                c.address,
                c.cudaType(),
                (int) c.stride,
                c.next,
                count,
                COMPUTE_32F,
                DEFAULT_ALGORITHM));
    }

    private static void check(int status) {
        if (status != 0) {
            throw new IllegalStateException("cuBLAS failed with status " + status);
        }
    }
}
