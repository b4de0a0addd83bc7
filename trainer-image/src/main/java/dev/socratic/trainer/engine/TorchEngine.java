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

    private TorchEngine(NDManager root) {
        this.root = root;
        this.ops = new TorchOps(root);
        this.tensors = new Tensors(root);
        this.adam8bit = new Adam8bit(root);
    }

    /** Loads libtorch (never from the network) and lets it use every core. */
    public static TorchEngine start() {
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("OPT_OUT_TRACKING", "true");
        IdleThreads.sleep();
        NDManager root = Engine.getEngine("PyTorch").newBaseManager(Device.cpu());
        JniUtils.setNumThreads(Runtime.getRuntime().availableProcessors());
        JniUtils.setGraphExecutorOptimize(false);
        return new TorchEngine(root);
    }

    public Ops ops() {
        return ops;
    }

    public Tensors tensors() {
        return tensors;
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
