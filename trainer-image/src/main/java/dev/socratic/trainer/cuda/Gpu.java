package dev.socratic.trainer.cuda;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDManager;
import dev.socratic.trainer.engine.Precision;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** One device with the kernels for one compute type: how operations get at tensors, launches and products. */
final class Gpu {
    /** The first with tensor cores for both 16-bit types and copies to shared memory that run beside them. */
    private static final int AMPERE = 80;

    private final Device device;
    private final Precision compute;
    private final CudaDriver driver;
    private final LibTorch torch;
    private final CuBlas blas;
    private final Launch launch;
    private final Nvrtc compiler;
    private final int architecture;
    private final long context;
    private final CudaModule kernels;
    private final Map<NDArray, GpuArray.Facts> frozen = new IdentityHashMap<>();

    Gpu(Device device, Precision compute, CudaDriver driver, LibTorch torch, Nvrtc compiler, List<String> sources) {
        this.device = device;
        this.compute = compute;
        this.driver = driver;
        this.torch = torch;
        this.launch = new Launch(driver);
        this.compiler = compiler;
        this.architecture = driver.architecture(device.getDeviceId());
        this.context = driver.context(device.getDeviceId());
        driver.use(context);
        this.kernels = module(sources);
        this.blas = new CuBlas();
    }

    Precision compute() {
        return compute;
    }

    CuBlas blas() {
        return blas;
    }

    LibTorch torch() {
        return torch;
    }

    /** Makes this the device of the launches and products that follow. */
    void use() {
        driver.use(context);
    }

    /** Lets this device read the other one's memory. */
    void reach(Gpu peer) {
        use();
        driver.reach(device.getDeviceId(), peer.device.getDeviceId(), peer.context);
    }

    PinnedBuffer pinned(int bytes) {
        use();
        return new PinnedBuffer(driver, bytes);
    }

    long context() {
        return context;
    }

    /** Whether attention has kernels here, libtorch's and ours. */
    boolean knowsAttention() {
        return compute != Precision.FLOAT32 && architecture >= AMPERE;
    }

    /** Kernels beside those that every model needs. */
    CudaModule module(List<String> sources, String... definitions) {
        List<String> options = new ArrayList<>(List.of(definitions));
        options.add("-DCOMPUTE=" + compute.ordinal());
        return new CudaModule(driver, compiler.compile(sources, architecture, options));
    }

    Launch kernel(String name) {
        return kernel(kernels, name, 0);
    }

    Launch kernel(CudaModule of, String name, int sharedBytes) {
        return launch.of(of.function(name, sharedBytes), sharedBytes);
    }

    /** The launch that {@link #kernel} began. */
    Launch current() {
        return launch;
    }

    boolean holds(NDArray array) {
        return array.getDevice().equals(device);
    }

    /** {@code t} for the compute type, {@code f} for float32, as kernels are named; another type has no letter. */
    char letter(NDArray array) {
        int type = facts(array).type();
        if (type == compute.scalarType()) {
            return 't';
        }
        return type == Precision.FLOAT32.scalarType() ? 'f' : '?';
    }

    boolean isCompute(NDArray array) {
        return letter(array) == 't';
    }

    long address(NDArray array) {
        return facts(array).address();
    }

    /** Elements from row to row of a matrix [rows, columns] whose rows are whole; -1 for any other array. */
    long rowStride(NDArray matrix) {
        return matrix.getShape().dimension() == 2 ? facts(matrix).rowStride() : -1;
    }

    /** Elements from token to token of x [B, L, heads, D] whose heads lie side by side; -1 for any other array. */
    long tokenStride(NDArray x) {
        if (dense(x)) {
            return x.getShape().get(2) * x.getShape().get(3);
        }
        long handle = LibTorch.handle(x);
        Shape shape = x.getShape();
        // of a dimension of one element a stride says nothing
        long stride = torch.stride(handle, shape.get(1) == 1 ? 0 : 1);
        boolean sideBySide = torch.stride(handle, 3) == 1
                && (shape.get(2) == 1 || torch.stride(handle, 2) == shape.get(3))
                && (shape.get(0) == 1 || torch.stride(handle, 0) == shape.get(1) * stride);
        return sideBySide ? stride : -1;
    }

    /** The type of an array of floating-point numbers. */
    Precision type(NDArray array) {
        return Precision.ofScalarType(facts(array).type());
    }

    /** Whether rows lie one after the other without gaps. */
    boolean dense(NDArray array) {
        return facts(array).dense();
    }

    private GpuArray.Facts facts(NDArray array) {
        if (array instanceof GpuArray own) {
            return own.facts();
        }
        GpuArray.Facts known = frozen.get(array);
        return known != null ? known : asked(array);
    }

    /** Remembers what is asked of a tensor that stays as long as the device is used: a weight. */
    NDArray frozen(NDArray weight) {
        frozen.computeIfAbsent(weight, this::asked);
        return weight;
    }

    private GpuArray.Facts asked(NDArray array) {
        long handle = LibTorch.handle(array);
        Shape shape = array.getShape();
        int last = shape.dimension() - 1;
        boolean dense = true;
        long expected = 1;
        for (int i = last; i >= 0; i--) {
            dense &= shape.get(i) == 1 || torch.stride(handle, i) == expected;
            expected *= shape.get(i);
        }
        long rowStride = last < 1 || torch.stride(handle, last) != 1 ? -1 : torch.stride(handle, last - 1);
        return new GpuArray.Facts(torch.address(handle), torch.scalarType(handle), shape, rowStride, dense);
    }

    NDArray empty(NDManager scope, Precision type, long... shape) {
        long handle = torch.empty(device.getDeviceId(), type.scalarType(), shape);
        long columns = shape[shape.length - 1];
        GpuArray.Facts facts =
                new GpuArray.Facts(torch.address(handle), type.scalarType(), new Shape(shape), columns, true);
        return new GpuArray((PtNDManager) scope, handle, facts);
    }

    /** Columns of a matrix in the compute type, as a view of it. */
    NDArray columns(NDManager scope, NDArray matrix, long at, long width) {
        GpuArray.Facts whole = facts(matrix);
        long rows = whole.shape().get(0);
        long handle = torch.columns(LibTorch.handle(matrix), rows, width, whole.rowStride(), at);
        GpuArray.Facts facts = new GpuArray.Facts(
                whole.address() + at * compute.bytes(),
                whole.type(),
                new Shape(rows, width),
                whole.rowStride(),
                width == whole.rowStride());
        return new GpuArray((PtNDManager) scope, handle, facts);
    }

    /** Memory for the length of an operation; what is launched on this device later may use it again. */
    Scratch scratch(Precision type, long elements) {
        return new Scratch(torch, torch.empty(device.getDeviceId(), type.scalarType(), elements));
    }

    static final class Scratch implements AutoCloseable {
        private final LibTorch torch;
        private final long tensor;
        private final long address;

        private Scratch(LibTorch torch, long tensor) {
            this.torch = torch;
            this.tensor = tensor;
            this.address = torch.address(tensor);
        }

        long address() {
            return address;
        }

        @Override
        public void close() {
            torch.release(tensor);
        }
    }
}
