// Scalars and small tools of the kernels. T is the type that branches are computed in: COMPUTE is 0 for float32, 1 for
// float16, 2 for bfloat16. Arithmetic is float32 throughout; only loads and stores convert. No header of CUDA's toolkit
// is included, as NVRTC alone need not have them.
typedef unsigned int u32;
typedef unsigned long long u64;
typedef unsigned char u8;

struct Half { unsigned short bits; };
struct Bfloat { unsigned short bits; };

__device__ __forceinline__ float widen(float x) { return x; }
__device__ __forceinline__ float widen(Half x) {
    float y;
    asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(x.bits));
    return y;
}
__device__ __forceinline__ float widen(Bfloat x) { return __uint_as_float(((u32) x.bits) << 16); }

__device__ __forceinline__ void narrow(float x, float& y) { y = x; }
__device__ __forceinline__ void narrow(float x, Half& y) { asm("cvt.rn.f16.f32 %0, %1;" : "=h"(y.bits) : "f"(x)); }
__device__ __forceinline__ void narrow(float x, Bfloat& y) {
#if __CUDA_ARCH__ >= 800
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(y.bits) : "f"(x));
#else
    u32 bits = __float_as_uint(x);
    bool nan = (bits & 0x7fffffffu) > 0x7f800000u;
    y.bits = nan ? 0x7fc0 : (unsigned short) ((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
#endif
}

template <class X>
__device__ __forceinline__ float through(float x) {
    X y;
    narrow(x, y);
    return widen(y);
}

__device__ __forceinline__ float fastTanh(float z) { return 1.0f - __fdividef(2.0f, 1.0f + __expf(fminf(2.0f * z, 80.0f))); }

#if COMPUTE == 1
typedef Half T;
#elif COMPUTE == 2
typedef Bfloat T;
#else
typedef float T;
#endif

// Four neighbours, loaded and stored at once
template <class X>
struct __align__(4 * sizeof(X)) Four { X at[4]; };

template <class X>
__device__ __forceinline__ void load4(const X* from, float* to) {
    Four<X> v = *reinterpret_cast<const Four<X>*>(from);
#pragma unroll
    for (int i = 0; i < 4; i++) to[i] = widen(v.at[i]);
}

template <class X>
__device__ __forceinline__ void store4(X* to, const float* from) {
    Four<X> v;
#pragma unroll
    for (int i = 0; i < 4; i++) narrow(from[i], v.at[i]);
    *reinterpret_cast<Four<X>*>(to) = v;
}

template <class X>
struct __align__(16) Eight { X at[8]; };

template <class X>
__device__ __forceinline__ void store8(X* to, const float* from) {
    Eight<X> v;
#pragma unroll
    for (int i = 0; i < 8; i++) narrow(from[i], v.at[i]);
    *reinterpret_cast<Eight<X>*>(to) = v;
}

// The sum over a block of whole warps, given to each thread
__device__ __forceinline__ float blockSum(float x) {
    __shared__ float parts[32];
#pragma unroll
    for (int d = 16; d > 0; d >>= 1) x += __shfl_xor_sync(0xffffffffu, x, d);
    __syncthreads();
    if ((threadIdx.x & 31) == 0) parts[threadIdx.x >> 5] = x;
    __syncthreads();
    float sum = 0;
    for (int w = 0; w < (blockDim.x >> 5); w++) sum += parts[w];
    return sum;
}

// Philox 4x32 with 7 rounds (Salmon et al. 2011): 128 random bits of a counter and a key
__device__ __forceinline__ uint4 philox(u64 counter, u64 key) {
    uint4 c = make_uint4((u32) counter, (u32) (counter >> 32), 0u, 0u);
    u32 k0 = (u32) key, k1 = (u32) (key >> 32);
#pragma unroll
    for (int round = 0; round < 7; round++) {
        u32 high0 = __umulhi(0xD2511F53u, c.x), low0 = 0xD2511F53u * c.x;
        u32 high1 = __umulhi(0xCD9E8D57u, c.z), low1 = 0xCD9E8D57u * c.z;
        c = make_uint4(high1 ^ c.y ^ k0, low1, high0 ^ c.w ^ k1, low0);
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return c;
}

// Which of the eight elements from 8 * group on are kept: bit i is set where 16 random bits reach the threshold
__device__ __forceinline__ u32 kept8(u64 group, u64 seed, u32 threshold) {
    uint4 r = philox(group, seed);
    u32 words[4] = {r.x, r.y, r.z, r.w};
    u32 bits = 0;
#pragma unroll
    for (int i = 0; i < 4; i++) {
        bits |= ((words[i] & 0xffffu) >= threshold ? 1u : 0u) << (2 * i);
        bits |= ((words[i] >> 16) >= threshold ? 1u : 0u) << (2 * i + 1);
    }
    return bits;
}
