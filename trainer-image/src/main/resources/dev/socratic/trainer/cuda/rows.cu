// Root mean square normalization over rows [rows, columns], a block a row; w is the weight or null.
//   n = x / sqrt(mean(x^2) + eps);   y = n * (1 + w) with offset (Gemma), y = w * (n rounded to X) without (Llama)
template <class X, class W>
__device__ __forceinline__ float scaled(float n, const W* w, int column, int offset) {
    float weight = widen(w[column]);
    return offset ? n * (1.0f + weight) : weight * through<X>(n);
}

template <class X>
__device__ __forceinline__ float inverseRoot(const X* x, int columns, float eps) {
    float squares = 0;
    if ((columns & 3) == 0) {
        for (int c = 4 * threadIdx.x; c < columns; c += 4 * blockDim.x) {
            float v[4];
            load4(x + c, v);
            squares += v[0] * v[0] + v[1] * v[1] + v[2] * v[2] + v[3] * v[3];
        }
    } else {
        for (int c = threadIdx.x; c < columns; c += blockDim.x) {
            float v = widen(x[c]);
            squares += v * v;
        }
    }
    return rsqrtf(blockSum(squares) / columns + eps);
}

template <class X, class W, class Y>
__device__ void normForward(const X* x, const W* w, Y* y, int columns, float eps, int offset) {
    x += (u64) blockIdx.x * columns;
    y += (u64) blockIdx.x * columns;
    float i = inverseRoot(x, columns, eps);
    if ((columns & 3) == 0) {
        for (int c = 4 * threadIdx.x; c < columns; c += 4 * blockDim.x) {
            float v[4];
            load4(x + c, v);
            for (int k = 0; k < 4; k++) v[k] = scaled<X>(v[k] * i, w, c + k, offset);
            store4(y + c, v);
        }
    } else {
        for (int c = threadIdx.x; c < columns; c += blockDim.x)
            narrow(scaled<X>(widen(x[c]) * i, w, c, offset), y[c]);
    }
}

// y = x + norm(a), or x + a where w is null; x and y in S, a in A
template <class S, class A, class W>
__device__ void residual(const S* x, const A* a, const W* w, S* y, int columns, float eps, int offset) {
    x += (u64) blockIdx.x * columns;
    a += (u64) blockIdx.x * columns;
    y += (u64) blockIdx.x * columns;
    float i = w ? inverseRoot(a, columns, eps) : 1.0f;
    if ((columns & 3) == 0) {
        for (int c = 4 * threadIdx.x; c < columns; c += 4 * blockDim.x) {
            float v[4], s[4];
            load4(a + c, v);
            load4(x + c, s);
            for (int k = 0; k < 4; k++) s[k] += w ? through<A>(scaled<A>(v[k] * i, w, c + k, offset)) : v[k];
            store4(y + c, s);
        }
    } else {
        for (int c = threadIdx.x; c < columns; c += blockDim.x) {
            float v = widen(a[c]);
            narrow(widen(x[c]) + (w ? through<A>(scaled<A>(v * i, w, c, offset)) : v), y[c]);
        }
    }
}

// With i = 1 / sqrt(mean(x^2) + eps), n = x i, g = dy * (1 + w) or dy * w:  dx = i * (g - n * mean(g n)) + past
template <class X, class W, class D>
__device__ void normBackward(
        const X* x, const W* w, const D* dy, const X* past, X* dx, int columns, float eps, int offset) {
    u64 row = (u64) blockIdx.x * columns;
    x += row;
    dy += row;
    dx += row;
    if (past) past += row;
    float squares = 0, products = 0;
    bool whole = (columns & 3) == 0;
    int width = whole ? 4 : 1;
    for (int c = width * threadIdx.x; c < columns; c += width * blockDim.x) {
        float v[4], d[4];
        if (whole) {
            load4(x + c, v);
            load4(dy + c, d);
        } else {
            v[0] = widen(x[c]);
            d[0] = widen(dy[c]);
        }
        for (int k = 0; k < width; k++) {
            squares += v[k] * v[k];
            products += v[k] * d[k] * (widen(w[c + k]) + (offset ? 1.0f : 0.0f));
        }
    }
    squares = blockSum(squares);
    products = blockSum(products);
    float i = rsqrtf(squares / columns + eps);
    float mean = products * i / columns;
    for (int c = width * threadIdx.x; c < columns; c += width * blockDim.x) {
        float v[4], d[4], p[4] = {0, 0, 0, 0};
        if (whole) {
            load4(x + c, v);
            load4(dy + c, d);
            if (past) load4(past + c, p);
        } else {
            v[0] = widen(x[c]);
            d[0] = widen(dy[c]);
            if (past) p[0] = widen(past[c]);
        }
        for (int k = 0; k < width; k++) {
            float g = d[k] * (widen(w[c + k]) + (offset ? 1.0f : 0.0f));
            v[k] = through<X>(i * (g - v[k] * i * mean)) + p[k];
        }
        if (whole) store4(dx + c, v);
        else narrow(v[0], dx[c]);
    }
}

// Rotary position embedding in place: x [rows, heads, D] with a row stride; tables [positions, D] in S, row r at position
// r % positions. Of each head a = first half, b = second half:  [a cos - b sin, b cos + a sin];
// direction -1 turns back. A block turns a row, a thread `width` neighbours (4 or 1) and their partners.
template <class X, class S>
__device__ void rope(
        X* x, const S* cos, const S* sin, int heads, int half, int stride, int positions, float direction, int width) {
    u64 row = blockIdx.x;
    const S* c = cos + (row % positions) * 2 * half;
    const S* s = sin + (row % positions) * 2 * half;
    int parts = half / width;
    for (int index = threadIdx.x; index < heads * parts; index += blockDim.x) {
        int i = index % parts * width;
        int head = index / parts;
        X* at = x + row * stride + head * 2 * half + i;
        float a[4], b[4], ca[4], sa[4], cb[4], sb[4], p[4], q[4];
        if (width == 4) {
            load4(at, a);
            load4(at + half, b);
            load4(c + i, ca);
            load4(s + i, sa);
            load4(c + i + half, cb);
            load4(s + i + half, sb);
        } else {
            a[0] = widen(at[0]);
            b[0] = widen(at[half]);
            ca[0] = widen(c[i]);
            sa[0] = widen(s[i]);
            cb[0] = widen(c[i + half]);
            sb[0] = widen(s[i + half]);
        }
#pragma unroll
        for (int k = 0; k < 4; k++) {
            if (k >= width) break;
            p[k] = a[k] * ca[k] - direction * b[k] * sa[k];
            q[k] = b[k] * cb[k] + direction * a[k] * sb[k];
        }
        if (width == 4) {
            store4(at, p);
            store4(at + half, q);
        } else {
            narrow(p[0], at[0]);
            narrow(q[0], at[half]);
        }
    }
}

#define NORM(name, X, W, Y) \
    extern "C" __global__ void norm_forward_##name( \
            const X* x, const W* w, Y* y, int columns, float eps, int offset) { \
        normForward<X, W, Y>(x, w, y, columns, eps, offset); \
    }
#define NORM_BACKWARD(name, X, W, D) \
    extern "C" __global__ void norm_backward_##name( \
            const X* x, const W* w, const D* dy, const X* past, X* dx, int columns, float eps, int offset) { \
        normBackward<X, W, D>(x, w, dy, past, dx, columns, eps, offset); \
    }
#define RESIDUAL(name, S, A, W) \
    extern "C" __global__ void residual_##name( \
            const S* x, const A* a, const W* w, S* y, int columns, float eps, int offset) { \
        residual<S, A, W>(x, a, w, y, columns, eps, offset); \
    }
#define ROPE(name, X, S) \
    extern "C" __global__ void rope_##name( \
            X* x, const S* cos, const S* sin, int heads, int half, int stride, int positions, float direction, \
            int width) { \
        rope<X, S>(x, cos, sin, heads, half, stride, positions, direction, width); \
    }

// f is float32, t is T; letters in the order of the types
NORM(fft, float, float, T)
NORM(tft, T, float, T)
NORM(ttt, T, T, T)
NORM_BACKWARD(fft, float, float, T)
NORM_BACKWARD(tff, T, float, float)
NORM_BACKWARD(tft, T, float, T)
NORM_BACKWARD(ttt, T, T, T)
RESIDUAL(ftf, float, T, float)
RESIDUAL(ttt, T, T, T)
ROPE(tf, T, float)
ROPE(tt, T, T)
