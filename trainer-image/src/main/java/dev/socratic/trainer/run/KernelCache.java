package dev.socratic.trainer.run;

import java.nio.file.Path;
import java.util.Map;

/** Where compiled kernels are kept from run to run. */
public final class KernelCache {
    private KernelCache() {}

    /** Below SOCRATIC_CACHE, or else below the folder for temporary files. */
    public static Path folder(Map<String, String> environment) {
        String cache = environment.get("SOCRATIC_CACHE");
        Path parent = cache != null ? Path.of(cache) : Path.of(System.getProperty("java.io.tmpdir"), "socratic");
        return parent.resolve("kernels");
    }
}
