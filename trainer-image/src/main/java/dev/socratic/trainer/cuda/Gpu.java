package dev.socratic.trainer.cuda;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDManager;
import dev.socratic.trainer.engine.Precision;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;

/** One device with the kernels for one compute type: how operations get at tensors, launches and products. */
final class Gpu {
    private final Device device;
    private final Precision compute;
    private final CudaDriver driver;
    private final LibTorch torch;
    private final CuBlas blas;
    private final Launch launch;
    private final long context;
    private final long module;
    private final Map<String, Long> functions = new HashMap<>();
    private final Map<NDArray, GpuArray.Facts> frozen = new IdentityHashMap<>();

    Gpu(Device device, Precision compute, CudaDriver driver, LibTorch torch, Nvrtc compiler, String source) {
        this.device = device;
        this.compute = compute;
        this.driver = driver;
        this.torch = torch;
        this.launch = new Launch(driver);
        this.context = driver.context(device.getDeviceId());
        driver.use(context);
        byte[] image = compiler.compile(source, driver.architecture(device.getDeviceId()), compute.ordinal());
        this.module = driver.module(image);
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

    Launch kernel(String name) {
        return launch.of(functions.computeIfAbsent(name, key -> driver.function(module, key)));
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
