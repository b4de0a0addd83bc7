package dev.socratic.trainer.cuda;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.socratic.trainer.engine.Precision;
import java.util.HashMap;
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
        int type = torch.scalarType(LibTorch.handle(array));
        if (type == compute.scalarType()) {
            return 't';
        }
        return type == Precision.FLOAT32.scalarType() ? 'f' : '?';
    }

    boolean isCompute(NDArray array) {
        return letter(array) == 't';
    }

    long address(NDArray array) {
        return torch.address(LibTorch.handle(array));
    }

    /** Elements from row to row of a matrix [rows, columns] whose rows are whole; -1 for any other array. */
    long rowStride(NDArray matrix) {
        Shape shape = matrix.getShape();
        if (shape.dimension() != 2) {
            return -1;
        }
        long handle = LibTorch.handle(matrix);
        return torch.stride(handle, 1) == 1 ? torch.stride(handle, 0) : -1;
    }

    /** Whether rows lie one after the other without gaps. */
    boolean dense(NDArray array) {
        Shape shape = array.getShape();
        long handle = LibTorch.handle(array);
        long expected = 1;
        for (int i = shape.dimension() - 1; i >= 0; i--) {
            if (shape.get(i) != 1 && torch.stride(handle, i) != expected) {
                return false;
            }
            expected *= shape.get(i);
        }
        return true;
    }

    NDArray empty(NDManager scope, Precision type, long... shape) {
        return LibTorch.array(scope, torch.empty(device.getDeviceId(), type.scalarType(), shape));
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
