// Numbers of a checkpoint, which the kernels read where the host put them: in its page-locked memory. Types by number: 0 for
// float32, 1 for float16, 2 for bfloat16.

template <class X>
__device__ __forceinline__ void load8(const void* from, u64 group, float* to) {
    Eight<X> v = reinterpret_cast<const Eight<X>*>(from)[group];
#pragma unroll
    for (int i = 0; i < 8; i++) to[i] = widen(v.at[i]);
}

__device__ __forceinline__ void load8(const void* from, u64 group, int type, float* to) {
    if (type == 0) load8<float>(from, group, to);
    else if (type == 1) load8<Half>(from, group, to);
    else load8<Bfloat>(from, group, to);
}

__device__ __forceinline__ float one(const void* from, u64 i, int type) {
    if (type == 0) return reinterpret_cast<const float*>(from)[i];
    if (type == 1) return widen(reinterpret_cast<const Half*>(from)[i]);
    return widen(reinterpret_cast<const Bfloat*>(from)[i]);
}

__device__ __forceinline__ float rounded(float x, int type) {
    return type == 0 ? x : type == 1 ? through<Half>(x) : through<Bfloat>(x);
}

__device__ __forceinline__ void put(void* to, u64 i, int type, float x) {
    if (type == 0) reinterpret_cast<float*>(to)[i] = x;
    else if (type == 1) narrow(x, reinterpret_cast<Half*>(to)[i]);
    else narrow(x, reinterpret_cast<Bfloat*>(to)[i]);
}

// A thread takes eight numbers
extern "C" __global__ void take_numbers(const void* from, void* to, u64 count, int stored, int rounding, int kept) {
    u64 group = (u64) blockIdx.x * blockDim.x + threadIdx.x;
    if (8 * group >= count) return;
    float x[8];
    if (8 * group + 8 <= count) {
        load8(from, group, stored, x);
    } else {
        for (int i = 0; 8 * group + i < count; i++) x[i] = one(from, 8 * group + i, stored);
    }
    for (int i = 0; i < 8 && 8 * group + i < count; i++) put(to, 8 * group + i, kept, rounded(x[i], rounding));
}

// The larger one, or NaN where either is
__device__ __forceinline__ float larger(float a, float b) { return b != b || b > a ? b : a; }

struct Thresholds { float at[15]; };

// Blockwise quantization to NF4 (Dettmers et al. 2023) as bitsandbytes does it: eight threads take a block of 64. The code
// of a value is the number of thresholds (ascending) below value * (1 / absmax); of two neighbours the first has the high
// half of a byte. absmax is bounded from below for the division alone.
extern "C" __global__ void quantize_nf4(
    const void* from, u32* packed, float* absmax, u64 count, int stored, int rounding, float smallest, Thresholds thresholds) {
    u64 group = (u64) blockIdx.x * blockDim.x + threadIdx.x;
    bool here = 8 * group < count;
    float x[8] = {0, 0, 0, 0, 0, 0, 0, 0};
    if (here) load8(from, group, stored, x);
    float most = 0;
#pragma unroll
    for (int i = 0; i < 8; i++) {
        x[i] = rounded(x[i], rounding);
        most = larger(most, fabsf(x[i]));
    }
#pragma unroll
    for (int d = 1; d < 8; d <<= 1) most = larger(most, __shfl_xor_sync(0xffffffffu, most, d));
    if (!here) return;
    float reciprocal = 1.0f / (most < smallest ? smallest : most);
    u32 codes = 0;
#pragma unroll
    for (int i = 0; i < 8; i++) {
        float scaled = x[i] * reciprocal;
        u32 code = 0;
#pragma unroll
        for (int t = 0; t < 15; t++) code += scaled > thresholds.at[t] ? 1u : 0u;
        codes |= code << (8 * (i / 2) + (i % 2 ? 0 : 4));
    }
    packed[group] = codes;
    if (group % 8 == 0) absmax[group / 8] = most;
}
