package dev.socratic.trainer.engine;

import com.sun.jna.Function;
import com.sun.jna.Platform;

/**
 * How libtorch takes memory from GPUs. Blocks of fixed sizes leave gaps that nothing else fits into; segments that grow
 * leave almost none, so that a run holds what the plan counts, and are made of memory that can be counted and refused.
 */
final class GpuAllocator {
    private GpuAllocator() {}

    /** Segments grow, unless the environment already says otherwise. Read by libtorch when it is loaded. */
    static void grow() {
        if (!Platform.isWindows()) {
            Function setenv = Function.getFunction(null, "setenv");
            setenv.invokeInt(new Object[] {"PYTORCH_CUDA_ALLOC_CONF", "expandable_segments:True", 0});
        }
    }
}
