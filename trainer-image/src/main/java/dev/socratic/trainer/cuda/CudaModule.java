package dev.socratic.trainer.cuda;

import java.util.HashMap;
import java.util.Map;

/** Compiled kernels on a device; each is looked up when it is first launched. */
final class CudaModule {
    private final CudaDriver driver;
    private final long module;
    private final Map<String, Long> functions = new HashMap<>();

    CudaModule(CudaDriver driver, byte[] image) {
        this.driver = driver;
        this.module = driver.module(image);
    }

    /** @param sharedBytes most memory that blocks of the kernel share, beside what it declares */
    long function(String name, int sharedBytes) {
        return functions.computeIfAbsent(name, key -> driver.function(module, key, sharedBytes));
    }
}
