// Products of 16-bit matrices on tensor cores, and copies to shared memory that threads need not wait for (sm_80 and
// later). A warp holds a matrix in fragments: thread 4 g + t has, of rows g and g + 8, the neighbouring columns 2 t and
// 2 t + 1 of each eight.

__device__ __forceinline__ u32 sharedAddress(const void* at) {
    u64 address;
    asm("cvta.to.shared.u64 %0, %1;" : "=l"(address) : "l"(at));
    return (u32) address;
}

// Sixteen bytes, or zeros where nothing is there
__device__ __forceinline__ void copy16(u32 to, const T* from, bool there) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(there ? 16 : 0));
}

// Waits for the thread's own copies, then for its block's
__device__ __forceinline__ void copied() {
    asm volatile("cp.async.wait_all;" ::: "memory");
    __syncthreads();
}

// Four 8 x 8 matrices; thread i gives the address of row i % 8 of matrix i / 8
__device__ __forceinline__ void fragments(u32 (&x)[4], u32 from) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(x[0]), "=r"(x[1]), "=r"(x[2]), "=r"(x[3])
                 : "r"(from));
}
__device__ __forceinline__ void transposedFragments(u32 (&x)[4], u32 from) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(x[0]), "=r"(x[1]), "=r"(x[2]), "=r"(x[3])
                 : "r"(from));
}

#if COMPUTE == 1
#define TYPE "f16"
#else
#define TYPE "bf16"
#endif

__device__ __forceinline__ u32 pair(float first, float second) {
    u32 both;
    asm("cvt.rn." TYPE "x2.f32 %0, %1, %2;" : "=r"(both) : "f"(second), "f"(first));
    return both;
}

// c [16, 8] += a [16, 16] b [16, 8]
__device__ __forceinline__ void multiply(float (&c)[4], const u32 (&a)[4], u32 b0, u32 b1) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32." TYPE "." TYPE ".f32 "
                 "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
#undef TYPE
