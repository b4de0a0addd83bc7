// Causal grouped-query attention with a soft cap c, which never writes its scores out (FlashAttention 2, Dao 2023).
// q and do [B, L, heads, D], k and v [B, L, kvHeads, D], each with a stride from token to token; o and the gradients
// without gaps. A query sees its own key and those before it, `window` of them in all.
//   s = c tanh(scale q k^T / c);  p = softmax(s);  o = p v;  sums [B, heads, L] = log(sum exp s)
//   shares [B, heads, L] = sum(do * o);  dv = p^T do;  ds = p * (do v^T - shares) * (1 - (s / c)^2)
//   dq = scale ds k;  dk = scale ds^T q
// A block of four warps has 64 rows of a head, queries or keys, sixteen a warp, and passes along the columns, keys or
// queries, a tile of them at a time. p and ds are rounded to T for their products; all sums are float32. D is WIDTH, a
// multiple of 16; a backward tile has COLUMNS columns, a multiple of 16 too.
constexpr int D = WIDTH, ROWS = 64, THREADS = 128;
// Bytes of a row in shared memory: 16 more than its elements have, so that eight rows lie in different banks
constexpr int ROW = 2 * (D + 8);
#define INFINITE __int_as_float(0x7f800000)

struct Heads {
    const T* at;
    int stride;
};

struct Rule {
    int length, heads, group, window;
    float scale, cap;
};

// Columns that a block passes along: `tiles` from `from` on, for each of `heads` heads
struct Span { int from, tiles, heads; };

extern __shared__ __align__(16) u8 memory[];

__device__ __forceinline__ Heads headOf(Heads x, int batch, int head, Rule rule) {
    return {x.at + (u64) batch * rule.length * x.stride + head * D, x.stride};
}

__device__ __forceinline__ bool sees(int query, int key, Rule rule) { return (u32) (query - key) < (u32) rule.window; }

template <int N>
__device__ __forceinline__ Span keysOf(int firstQuery, Rule rule) {
    int from = max(0, firstQuery - rule.window + 1) / N * N;
    return {from, (min(rule.length, firstQuery + ROWS) - from + N - 1) / N, 1};
}

template <int N>
__device__ __forceinline__ Span queriesOf(int firstKey, Rule rule) {
    return {firstKey, (min(rule.length - firstKey, ROWS - 1 + rule.window) + N - 1) / N, rule.group};
}

// The first of a thread's two rows; the other is 8 further on
__device__ __forceinline__ int rowFrom(int first) {
    return first + 16 * (threadIdx.x >> 5) + ((threadIdx.x & 31) >> 2);
}

// The first of a thread's columns in a tile: of each eight it has two
__device__ __forceinline__ int columnFrom(int first) { return first + 2 * (threadIdx.x & 3); }

// N rows of a head from `first` on; those past the end are zeros
template <int N>
__device__ __forceinline__ void load(u32 tile, Heads head, int first, int length) {
    constexpr int ACROSS = D / 8, DOWN = THREADS / ACROSS;
    int down = threadIdx.x / ACROSS, column = threadIdx.x % ACROSS * 8;
#pragma unroll 4
    for (int from = 0; from < N; from += DOWN) {
        int row = from + down;
        if (down >= DOWN || row >= N) continue;
        int source = min(first + row, length - 1) * head.stride + column;
        copy16(tile + row * ROW + 2 * column, head.at + source, first + row < length);
    }
}

// x [16, N] = a b^T of the warp's rows of a tile a [64, D] and a tile b [N, D]
template <int N>
__device__ __forceinline__ void compare(u32 a, u32 b, float (&x)[N / 8][4]) {
    int warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
    a += (16 * warp + (lane & 15)) * ROW + (lane >> 4) * 16;
    b += ((lane & 7) + (lane >> 4) * 8) * ROW + ((lane >> 3) & 1) * 16;
#pragma unroll
    for (int n = 0; n < N / 8; n++) x[n][0] = x[n][1] = x[n][2] = x[n][3] = 0;
#pragma unroll
    for (int d = 0; d < D; d += 16) {
        u32 rows[4], columns[4];
        fragments(rows, a + 2 * d);
#pragma unroll
        for (int n = 0; n < N; n += 16) {
            fragments(columns, b + n * ROW + 2 * d);
            multiply(x[n / 8], rows, columns[0], columns[1]);
            multiply(x[n / 8 + 1], rows, columns[2], columns[3]);
        }
    }
}

// y [16, D] += x [16, N] b of a tile b [N, D]
template <int N>
__device__ __forceinline__ void gather(float (&x)[N / 8][4], u32 b, float (&y)[D / 8][4]) {
    int lane = threadIdx.x & 31;
    b += (lane & 15) * ROW + (lane >> 4) * 16;
#pragma unroll
    for (int n = 0; n < N; n += 16) {
        float(&l)[4] = x[n / 8], (&r)[4] = x[n / 8 + 1];
        u32 weights[4] = {pair(l[0], l[1]), pair(l[2], l[3]), pair(r[0], r[1]), pair(r[2], r[3])};
#pragma unroll
        for (int d = 0; d < D; d += 16) {
            u32 columns[4];
            transposedFragments(columns, b + n * ROW + 2 * d);
            multiply(y[d / 8], weights, columns[0], columns[1]);
            multiply(y[d / 8 + 1], weights, columns[2], columns[3]);
        }
    }
}

// y += weigh(rows compared^T) gathered. While a tile of one array is worked on, the next of the other is on its way.
template <int N, class Weigh>
__device__ __forceinline__ void pass(
        Span span, Heads compared, Heads gathered, int length, u32 rows, u32 comparedTile, u32 gatheredTile,
        float (&y)[D / 8][4], Weigh weigh) {
    load<N>(comparedTile, compared, span.from, length);
    for (int head = 0; head < span.heads; head++) {
        for (int tile = 0; tile < span.tiles; tile++) {
            int first = span.from + tile * N;
            copied();
            load<N>(gatheredTile, gathered, first, length);
            float x[N / 8][4];
            compare<N>(rows, comparedTile, x);
            copied();
            bool last = tile + 1 == span.tiles;
            if (last) compared.at += D;
            if (!last || head + 1 < span.heads) load<N>(comparedTile, compared, last ? span.from : first + N, length);
            weigh(x, head, first);
            gather<N>(x, gatheredTile, y);
        }
        gathered.at += D;
    }
}

// A warp's rows times a factor, to x [B, L, heads, D]
__device__ __forceinline__ void store(
        float (&y)[D / 8][4], float low, float high, T* x, int batch, int head, int heads, int row, int length) {
#pragma unroll
    for (int r = 0; r < 2; r++) {
        if (row + 8 * r >= length) continue;
        T* to = x + (((u64) batch * length + row + 8 * r) * heads + head) * D + columnFrom(0);
        float factor = r ? high : low;
#pragma unroll
        for (int n = 0; n < D / 8; n++)
            *reinterpret_cast<u32*>(to + 8 * n) = pair(y[n][2 * r] * factor, y[n][2 * r + 1] * factor);
    }
}

extern "C" __global__ __launch_bounds__(THREADS, 2) void attention_forward(
        Heads q, Heads k, Heads v, T* o, float* sums, Rule rule) {
    constexpr int N = 64;
    int batch = blockIdx.x / rule.heads, head = blockIdx.x % rule.heads, kvHead = head / rule.group;
    int first = ROWS * (gridDim.y - 1 - blockIdx.y), row = rowFrom(first);
    u32 queries = sharedAddress(memory), keys = queries + ROWS * ROW, values = keys + N * ROW;
    load<ROWS>(queries, headOf(q, batch, head, rule), first, rule.length);

    float y[D / 8][4] = {}, peak[2] = {-INFINITE, -INFINITE}, sum[2] = {0, 0};
    auto weigh = [&](float(&x)[N / 8][4], int, int firstKey) {
        int key = columnFrom(firstKey);
#pragma unroll
        for (int r = 0; r < 2; r++) {
            float higher = peak[r];
#pragma unroll
            for (int i = 0; i < N / 4; i++) {
                float& s = x[i / 2][2 * r + i % 2];
                bool seen = sees(row + 8 * r, key + 8 * (i / 2) + i % 2, rule);
                s = rule.cap * fastTanh(s * (rule.scale / rule.cap)) - (seen ? 0.0f : INFINITE);
                higher = fmaxf(higher, s);
            }
            higher = fmaxf(higher, __shfl_xor_sync(0xffffffffu, higher, 1));
            higher = fmaxf(higher, __shfl_xor_sync(0xffffffffu, higher, 2));
            float base = higher == -INFINITE ? 0.0f : higher, decay = __expf(peak[r] - base);
            peak[r] = higher;
            sum[r] *= decay;
#pragma unroll
            for (int i = 0; i < N / 4; i++) {
                float& p = x[i / 2][2 * r + i % 2];
                p = __expf(p - base);
                sum[r] += p;
            }
#pragma unroll
            for (int n = 0; n < D / 8; n++) {
                y[n][2 * r] *= decay;
                y[n][2 * r + 1] *= decay;
            }
        }
    };
    Heads compared = headOf(k, batch, kvHead, rule), gathered = headOf(v, batch, kvHead, rule);
    pass<N>(keysOf<N>(first, rule), compared, gathered, rule.length, queries, keys, values, y, weigh);

#pragma unroll
    for (int r = 0; r < 2; r++) {
        sum[r] += __shfl_xor_sync(0xffffffffu, sum[r], 1);
        sum[r] += __shfl_xor_sync(0xffffffffu, sum[r], 2);
        if ((threadIdx.x & 3) == 0 && row + 8 * r < rule.length)
            sums[(u64) blockIdx.x * rule.length + row + 8 * r] = peak[r] + logf(sum[r]);
    }
    store(y, 1.0f / sum[0], 1.0f / sum[1], o, batch, head, rule.heads, row, rule.length);
}

// A warp a query of a head
extern "C" __global__ void attention_shares(const T* o, Heads dy, float* shares, int queries, Rule rule) {
    int index = blockIdx.x * (THREADS / 32) + (threadIdx.x >> 5), lane = threadIdx.x & 31;
    if (index >= queries) return;
    int token = index / rule.heads, head = index % rule.heads;
    const T* a = o + (u64) index * D;
    const T* b = dy.at + (u64) token * dy.stride + head * D;
    float share = 0;
    for (int c = lane; c < D; c += 32) share += widen(a[c]) * widen(b[c]);
#pragma unroll
    for (int d = 16; d > 0; d >>= 1) share += __shfl_xor_sync(0xffffffffu, share, d);
    int batch = token / rule.length, position = token % rule.length;
    if (lane == 0) shares[((u64) batch * rule.heads + head) * rule.length + position] = share;
}

// A query past the end weighs nothing
__device__ __forceinline__ float sumOf(const float* sums, int query, Rule rule) {
    float sum = sums[min(query, rule.length - 1)];
    return query < rule.length ? sum : INFINITE;
}

// p of a product q k^T, and the slope of the soft cap there
__device__ __forceinline__ float weightOf(float product, float sum, bool seen, Rule rule, float& slope) {
    float t = fastTanh(product * (rule.scale / rule.cap));
    slope = 1.0f - t * t;
    return __expf(rule.cap * t - (seen ? sum : INFINITE));
}

extern "C" __global__ __launch_bounds__(THREADS, 2) void attention_queries(
        Heads q, Heads k, Heads v, Heads dy, const float* sums, const float* shares, T* dq, Rule rule) {
    constexpr int N = COLUMNS;
    int batch = blockIdx.x / rule.heads, head = blockIdx.x % rule.heads, kvHead = head / rule.group;
    int first = ROWS * (gridDim.y - 1 - blockIdx.y), row = rowFrom(first);
    u32 queries = sharedAddress(memory), gradients = queries + ROWS * ROW;
    u32 keys = gradients + ROWS * ROW, values = keys + N * ROW;
    load<ROWS>(queries, headOf(q, batch, head, rule), first, rule.length);
    load<ROWS>(gradients, headOf(dy, batch, head, rule), first, rule.length);
    sums += (u64) blockIdx.x * rule.length;
    shares += (u64) blockIdx.x * rule.length;
    float sum[2] = {sumOf(sums, row, rule), sumOf(sums, row + 8, rule)};
    float share[2] = {shares[min(row, rule.length - 1)], shares[min(row + 8, rule.length - 1)]};

    float y[D / 8][4] = {};
    auto weigh = [&](float(&x)[N / 8][4], int, int firstKey) {
        int key = columnFrom(firstKey);
        float s[N / 8][4], slope;
        compare<N>(queries, keys, s);
#pragma unroll
        for (int i = 0; i < N / 2; i++) {
            int n = i / 4, r = i % 4 / 2;
            bool seen = sees(row + 8 * r, key + 8 * n + i % 2, rule);
            float p = weightOf(s[n][i % 4], sum[r], seen, rule, slope);
            x[n][i % 4] = p * (x[n][i % 4] - share[r]) * slope;
        }
    };
    Heads compared = headOf(v, batch, kvHead, rule), gathered = headOf(k, batch, kvHead, rule);
    pass<N>(keysOf<N>(first, rule), compared, gathered, rule.length, gradients, values, keys, y, weigh);
    store(y, rule.scale, rule.scale, dq, batch, head, rule.heads, row, rule.length);
}

__device__ __forceinline__ void keyGradient(
        Heads q, Heads k, Heads v, Heads dy, const float* sums, const float* shares, T* dk, int batch, int kvHead,
        Rule rule) {
    constexpr int N = COLUMNS;
    int first = ROWS * blockIdx.y, row = rowFrom(first), kvHeads = rule.heads / rule.group;
    int head = kvHead * rule.group;
    u32 keys = sharedAddress(memory), values = keys + ROWS * ROW;
    u32 queries = values + ROWS * ROW, gradients = queries + N * ROW;
    load<ROWS>(keys, headOf(k, batch, kvHead, rule), first, rule.length);
    load<ROWS>(values, headOf(v, batch, kvHead, rule), first, rule.length);
    sums += ((u64) batch * rule.heads + head) * rule.length;
    shares += ((u64) batch * rule.heads + head) * rule.length;

    float y[D / 8][4] = {};
    auto weigh = [&](float(&x)[N / 8][4], int of, int firstQuery) {
        float s[N / 8][4], slope;
        compare<N>(keys, queries, s);
#pragma unroll
        for (int i = 0; i < N / 4; i++) {
            int query = columnFrom(firstQuery) + 8 * (i / 2) + i % 2;
            float sum = sumOf(sums + of * rule.length, query, rule);
            float share = shares[of * rule.length + min(query, rule.length - 1)];
#pragma unroll
            for (int r = 0; r < 2; r++) {
                int at = 2 * r + i % 2;
                float p = weightOf(s[i / 2][at], sum, sees(query, row + 8 * r, rule), rule, slope);
                x[i / 2][at] = p * (x[i / 2][at] - share) * slope;
            }
        }
    };
    Heads compared = headOf(dy, batch, head, rule), gathered = headOf(q, batch, head, rule);
    pass<N>(queriesOf<N>(first, rule), compared, gathered, rule.length, values, gradients, queries, y, weigh);
    store(y, rule.scale, rule.scale, dk, batch, kvHead, kvHeads, row, rule.length);
}

__device__ __forceinline__ void valueGradient(
        Heads q, Heads k, Heads dy, const float* sums, T* dv, int batch, int kvHead, Rule rule) {
    constexpr int N = COLUMNS;
    int first = ROWS * blockIdx.y, row = rowFrom(first), kvHeads = rule.heads / rule.group;
    int head = kvHead * rule.group;
    u32 keys = sharedAddress(memory), queries = keys + ROWS * ROW, gradients = queries + N * ROW;
    load<ROWS>(keys, headOf(k, batch, kvHead, rule), first, rule.length);
    sums += ((u64) batch * rule.heads + head) * rule.length;

    float y[D / 8][4] = {};
    auto weigh = [&](float(&x)[N / 8][4], int of, int firstQuery) {
#pragma unroll
        for (int i = 0; i < N / 4; i++) {
            int query = columnFrom(firstQuery) + 8 * (i / 2) + i % 2;
            float sum = sumOf(sums + of * rule.length, query, rule), slope;
#pragma unroll
            for (int r = 0; r < 2; r++) {
                float& p = x[i / 2][2 * r + i % 2];
                p = weightOf(p, sum, sees(query, row + 8 * r, rule), rule, slope);
            }
        }
    };
    Heads compared = headOf(q, batch, head, rule), gathered = headOf(dy, batch, head, rule);
    pass<N>(queriesOf<N>(first, rule), compared, gathered, rule.length, keys, queries, gradients, y, weigh);
    store(y, 1, 1, dv, batch, kvHead, kvHeads, row, rule.length);
}

// Every other block has gradients by keys, every other by values
extern "C" __global__ __launch_bounds__(THREADS, 2) void attention_keys(
        Heads q, Heads k, Heads v, Heads dy, const float* sums, const float* shares, T* dk, T* dv, Rule rule) {
    int kvHeads = rule.heads / rule.group;
    int batch = blockIdx.x / 2 / kvHeads, kvHead = blockIdx.x / 2 % kvHeads;
    if (blockIdx.x % 2) valueGradient(q, k, dy, sums, dv, batch, kvHead, rule);
    else keyGradient(q, k, v, dy, sums, shares, dk, batch, kvHead, rule);
}
