package dev.socratic.trainer.engine;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;

/**
 * libtorch, started: the operations, the helpers for tensors and the root of all native memory. Every tensor belongs
 * to a manager below {@link #root()}; closing the engine frees what is left.
 */
public final class TorchEngine implements AutoCloseable {
    private final NDManager root;
    private final Ops ops;
    private final Tensors tensors;
    private final Adam8bit adam8bit;
    private final Transfers transfers;

    private TorchEngine(NDManager root, Ops ops, Tensors tensors, Adam8bit adam8bit, Transfers transfers) {
        this.root = root;
        this.ops = ops;
        this.tensors = tensors;
        this.adam8bit = adam8bit;
        this.transfers = transfers;
    }

    /** Loads libtorch (never from the network) and lets it use every core. */
    public static TorchEngine start() {
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("OPT_OUT_TRACKING", "true");
        IdleThreads.sleep();
        HugePages.ask();
        GpuAllocator.grow();
        NDManager root = Engine.getEngine("PyTorch").newBaseManager(Device.cpu());
        JniUtils.setNumThreads(Runtime.getRuntime().availableProcessors());
        JniUtils.setGraphExecutorOptimize(false);
        Tensors tensors = new Tensors(root);
        return new TorchEngine(root, new TorchOps(root), tensors, new Adam8bit(root), Transfers.byCopies(tensors));
    }

    /** The same engine with other operations. */
    public TorchEngine withOps(Ops other) {
        return new TorchEngine(root, other, tensors, adam8bit, transfers);
    }

    /** The same engine with another way from device to device. */
    public TorchEngine withTransfers(Transfers other) {
        return new TorchEngine(root, ops, tensors, adam8bit, other);
    }

    public Ops ops() {
        return ops;
    }

    public Tensors tensors() {
        return tensors;
    }

    public Transfers transfers() {
        return transfers;
    }

    /** What takes a checkpoint's numbers to a device. */
    public Intake intake(Device device) {
        return ops.intake(device).orElseGet(() -> new TorchIntake(this, device));
    }

    public Adam8bit adam8bit() {
        return adam8bit;
    }

    public NDManager root() {
        return root;
    }

    @Override
    public void close() {
        root.close();
    }
}
