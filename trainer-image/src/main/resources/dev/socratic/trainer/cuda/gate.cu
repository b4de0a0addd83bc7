// h = act(g) * u over [rows, columns], g, u and their gradients with a row stride; act is GELU's tanh form (0) or SiLU (1).
//   dg = act'(g) * dh * u;   du = dh * act(g)
// The gradients by g and u are written over these.
// A thread computes four neighbours where rows allow it (`width` 4), or one.
__device__ __forceinline__ void activation(float g, int kind, float& value, float& slope) {
    if (kind == 0) {
        const float root = 0.7978845608028654f, cubic = 0.044715f;
        float t = fastTanh(root * (g + cubic * g * g * g));
        value = 0.5f * g * (1.0f + t);
        slope = 0.5f * (1.0f + t) + 0.5f * g * (1.0f - t * t) * root * (1.0f + 3.0f * cubic * g * g);
    } else {
        float s = __fdividef(1.0f, 1.0f + __expf(fminf(-g, 80.0f)));
        value = g * s;
        slope = s * (1.0f + g * (1.0f - s));
    }
}

extern "C" __global__ void gate_forward(
        const T* g, const T* u, T* h, int rows, int columns, int stride, int kind, int width) {
    int c = width * (blockIdx.x * blockDim.x + threadIdx.x);
    if (c >= columns) return;
    for (u64 row = blockIdx.y; row < rows; row += gridDim.y) {
        float a[4], b[4], slope;
        if (width == 4) {
            load4(g + row * stride + c, a);
            load4(u + row * stride + c, b);
        } else {
            a[0] = widen(g[row * stride + c]);
            b[0] = widen(u[row * stride + c]);
        }
#pragma unroll
        for (int k = 0; k < 4; k++) {
            if (k >= width) break;
            float value;
            activation(a[k], kind, value, slope);
            a[k] = through<T>(value) * b[k];
        }
        if (width == 4) store4(h + row * columns + c, a);
        else narrow(a[0], h[row * columns + c]);
    }
}

extern "C" __global__ void gate_backward(
        T* g, T* u, const T* dh, int rows, int columns, int stride, int kind, int width) {
    int c = width * (blockIdx.x * blockDim.x + threadIdx.x);
    if (c >= columns) return;
    for (u64 row = blockIdx.y; row < rows; row += gridDim.y) {
        float a[4], b[4], d[4];
        if (width == 4) {
            load4(g + row * stride + c, a);
            load4(u + row * stride + c, b);
            load4(dh + row * columns + c, d);
        } else {
            a[0] = widen(g[row * stride + c]);
            b[0] = widen(u[row * stride + c]);
            d[0] = widen(dh[row * columns + c]);
        }
#pragma unroll
        for (int k = 0; k < 4; k++) {
            if (k >= width) break;
            float value, slope;
            activation(a[k], kind, value, slope);
            a[k] = slope * through<T>(d[k] * b[k]);
            b[k] = d[k] * through<T>(value);
        }
        if (width == 4) {
            store4(g + row * stride + c, a);
            store4(u + row * stride + c, b);
        } else {
            narrow(a[0], g[row * stride + c]);
            narrow(b[0], u[row * stride + c]);
        }
    }
}
