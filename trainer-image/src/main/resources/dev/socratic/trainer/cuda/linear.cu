// NF4 weights to T: up to three matrices behind one another in `out`, grid.y says which. A byte holds two codes, high
// nibble first; 64 values share a scale, which is absmax[b], or, with codes, map[codes[b]] * nested[b / 256] + offset[0]
// in separately rounded steps. With `source` 1 or 2 values pass through float16 or bfloat16 before they become T.
struct Quantized {
    const u8* packed;
    const float* absmax;
    const u8* codes;
    const float* nested;
    const float* offset;
    u64 at;
    u64 elements;
};
struct Three { Quantized matrix[3]; };

extern "C" __global__ void dequantize(Three three, const float* pairs, const float* map, T* out, int source) {
    __shared__ float levels[16];
    if (threadIdx.x < 16) levels[threadIdx.x] = pairs[2 * threadIdx.x + 1];
    __syncthreads();
    Quantized q = three.matrix[blockIdx.y];
    float offset = q.codes ? q.offset[0] : 0.0f;
#pragma unroll
    for (int part = 0; part < 2; part++) {
        u64 first = 8 * ((u64) (2 * blockIdx.x + part) * blockDim.x + threadIdx.x);
        if (first >= q.elements) return;
        u64 block = first >> 6;
        u32 bytes = *reinterpret_cast<const u32*>(q.packed + (first >> 1));
        float scale = q.codes ? __fadd_rn(__fmul_rn(map[q.codes[block]], q.nested[block >> 8]), offset) : q.absmax[block];
        float v[8];
#pragma unroll
        for (int i = 0; i < 8; i++) {
            u32 code = (bytes >> (8 * (i >> 1) + ((i & 1) ? 0 : 4))) & 15u;
            v[i] = __fmul_rn(levels[code], scale);
            if (source == 1 && COMPUTE != 1) v[i] = through<Half>(v[i]);
            if (source == 2 && COMPUTE != 2) v[i] = through<Bfloat>(v[i]);
        }
        T* to = out + q.at + first;
        if (first + 8 <= q.elements && (q.at & 7) == 0) {
            store8(to, v);
        } else {
            for (int i = 0; i < 8 && first + i < q.elements; i++) narrow(v[i], to[i]);
        }
    }
}

// x to up to four copies behind one another, each dropped out by a mask of its own: element i of copy m is kept where
// the counter's bits say so, and divided by the probability of that
struct Seeds { u64 of[4]; };

extern "C" __global__ void dropout(const T* x, T* y, u64 n, int copies, Seeds seeds, u32 threshold, float scale) {
    u64 group = (u64) blockIdx.x * blockDim.x + threadIdx.x;
    u64 first = 8 * group;
    if (first >= n) return;
    bool whole = first + 8 <= n && (n & 3) == 0;
    float v[8], kept[8];
    if (whole) {
        load4(x + first, v);
        load4(x + first + 4, v + 4);
    } else {
        for (int i = 0; i < 8 && first + i < n; i++) v[i] = widen(x[first + i]);
    }
    for (int m = 0; m < copies; m++) {
        u32 bits = kept8(group, seeds.of[m], threshold);
#pragma unroll
        for (int i = 0; i < 8; i++) kept[i] = (bits >> i) & 1u ? v[i] * scale : 0.0f;
        T* to = y + m * n + first;
        if (whole) {
            store4(to, kept);
            store4(to + 4, kept + 4);
        } else {
            for (int i = 0; i < 8 && first + i < n; i++) narrow(kept[i], to[i]);
        }
    }
}

// dx += the sum over copies of mask * gradient: the transpose of `dropout`
extern "C" __global__ void dropout_backward(
        const T* gradients, T* dx, u64 n, int copies, Seeds seeds, u32 threshold, float scale) {
    u64 group = (u64) blockIdx.x * blockDim.x + threadIdx.x;
    u64 first = 8 * group;
    if (first >= n) return;
    bool whole = first + 8 <= n && (n & 3) == 0;
    float sum[8], g[8];
    if (whole) {
        load4(dx + first, sum);
        load4(dx + first + 4, sum + 4);
    } else {
        for (int i = 0; i < 8 && first + i < n; i++) sum[i] = widen(dx[first + i]);
    }
    for (int m = 0; m < copies; m++) {
        u32 bits = kept8(group, seeds.of[m], threshold);
        const T* from = gradients + m * n + first;
        if (whole) {
            load4(from, g);
            load4(from + 4, g + 4);
        } else {
            for (int i = 0; i < 8 && first + i < n; i++) g[i] = widen(from[i]);
        }
#pragma unroll
        for (int i = 0; i < 8; i++) sum[i] += (bits >> i) & 1u ? g[i] * scale : 0.0f;
    }
    if (whole) {
        store4(dx + first, sum);
        store4(dx + first + 4, sum + 4);
    } else {
        for (int i = 0; i < 8 && first + i < n; i++) narrow(sum[i], dx[first + i]);
    }
}

// float32 arrays to T, behind one another; grid.y says which
struct Sources {
    const float* from[8];
    u64 at[8];
    u64 count[8];
};

extern "C" __global__ void casts(Sources sources, T* out) {
    int which = blockIdx.y;
    for (u64 i = (u64) blockIdx.x * blockDim.x + threadIdx.x; i < sources.count[which];
         i += (u64) gridDim.x * blockDim.x)
        narrow(sources.from[which][i], out[sources.at[which] + i]);
}

// y [rows, columns] with a row stride += bias, in F or T
template <class B>
__device__ void addBias(T* y, const B* bias, u64 n, int columns, int stride) {
    u64 i = (u64) blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    T* to = y + i / columns * stride + i % columns;
    narrow(widen(*to) + through<T>(widen(bias[i % columns])), *to);
}
extern "C" __global__ void bias_f(T* y, const float* bias, u64 n, int columns, int stride) {
    addBias(y, bias, n, columns, stride);
}
extern "C" __global__ void bias_t(T* y, const T* bias, u64 n, int columns, int stride) {
    addBias(y, bias, n, columns, stride);
}
