// Cross-entropy of logits z [rows, V] in T, with soft cap c (0 for none): z' = c tanh(z / c); a block a row.
//   loss[row] = log(sum exp z') - z'[label];   with scale != 0, z becomes scale * (softmax(z') - onehot) * (1 - tanh^2)
__device__ __forceinline__ float capped(float z, float cap, float inverse, float& slope) {
    if (cap <= 0) {
        slope = 1.0f;
        return z;
    }
    float t = 1.0f - __fdividef(2.0f, 1.0f + __expf(fminf(2.0f * z * inverse, 80.0f)));
    slope = 1.0f - t * t;
    return cap * t;
}

__device__ __forceinline__ void join(float& peak, float& sum, float otherPeak, float otherSum) {
    float higher = fmaxf(peak, otherPeak);
    sum = (peak == higher ? sum : sum * __expf(peak - higher))
            + (otherPeak == higher ? otherSum : otherSum * __expf(otherPeak - higher));
    peak = higher;
}

extern "C" __global__ void cross_entropy(T* z, const long long* labels, float* losses, int columns, float cap, float scale) {
    __shared__ float peaks[32], sums[32];
    T* row = z + (u64) blockIdx.x * columns;
    int label = (int) labels[blockIdx.x];
    float inverse = cap > 0 ? 1.0f / cap : 0.0f, slope, unused;
    float target = capped(widen(row[label]), cap, inverse, unused);
    float peak = __int_as_float(0xff800000), sum = 0;
    bool whole = (columns & 3) == 0;
    int width = whole ? 4 : 1;
    float v[4];
    for (int c = width * threadIdx.x; c < columns; c += width * blockDim.x) {
        if (whole) load4(row + c, v);
        else v[0] = widen(row[c]);
        float higher = peak;
        for (int k = 0; k < width; k++) {
            v[k] = capped(v[k], cap, inverse, unused);
            higher = fmaxf(higher, v[k]);
        }
        if (higher > peak) {
            sum *= __expf(peak - higher);
            peak = higher;
        }
        for (int k = 0; k < width; k++) sum += __expf(v[k] - peak);
    }
#pragma unroll
    for (int d = 16; d > 0; d >>= 1) {
        float otherPeak = __shfl_xor_sync(0xffffffffu, peak, d), otherSum = __shfl_xor_sync(0xffffffffu, sum, d);
        join(peak, sum, otherPeak, otherSum);
    }
    if ((threadIdx.x & 31) == 0) {
        peaks[threadIdx.x >> 5] = peak;
        sums[threadIdx.x >> 5] = sum;
    }
    __syncthreads();
    peak = peaks[0];
    sum = sums[0];
    for (int w = 1; w < (blockDim.x >> 5); w++) join(peak, sum, peaks[w], sums[w]);
    if (threadIdx.x == 0) losses[blockIdx.x] = peak + logf(sum) - target;
    if (scale == 0) return;
    float share = scale / sum;
    for (int c = width * threadIdx.x; c < columns; c += width * blockDim.x) {
        if (whole) load4(row + c, v);
        else v[0] = widen(row[c]);
        for (int k = 0; k < width; k++) {
            float p = __expf(capped(v[k], cap, inverse, slope) - peak) * share;
            v[k] = (p - (c + k == label ? scale : 0.0f)) * slope;
        }
        if (whole) store4(row + c, v);
        else narrow(v[0], row[c]);
    }
}

// The sum of n values in float64, by one block in a fixed order
extern "C" __global__ void total(const float* x, double* y, int n) {
    __shared__ double parts[256];
    double sum = 0;
    for (int i = threadIdx.x; i < n; i += 256) sum += x[i];
    parts[threadIdx.x] = sum;
    __syncthreads();
    for (int d = 128; d > 0; d >>= 1) {
        if (threadIdx.x < d) parts[threadIdx.x] += parts[threadIdx.x + d];
        __syncthreads();
    }
    if (threadIdx.x == 0) *y = parts[0];
}

// AdamW as torch.optim.AdamW, over flat float32 arrays; g = gradientScale * gradient
extern "C" __global__ void adamw(
        float* p, const float* gradient, float* m, float* v, u64 n, float gradientScale, float decayed, float beta1,
        float beta2, float size, float root, float eps) {
    u64 i = (u64) blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    float g = gradient[i] * gradientScale;
    float first = m[i] + (1.0f - beta1) * (g - m[i]);
    float second = beta2 * v[i] + (1.0f - beta2) * g * g;
    m[i] = first;
    v[i] = second;
    p[i] = p[i] * decayed - size * first / (sqrtf(second) / root + eps);
}
