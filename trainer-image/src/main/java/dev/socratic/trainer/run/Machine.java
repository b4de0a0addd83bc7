package dev.socratic.trainer.run;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.util.cuda.CudaUtils;
import com.sun.management.OperatingSystemMXBean;
import dev.socratic.trainer.engine.Devices;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** What the machine at hand has, by device id: {@code 0}, {@code 1}, …, {@code cpu}. */
public final class Machine {
    static final String CPU = "cpu";

    private static final Path GPU_FACTS = Path.of("/proc/driver/nvidia/gpus");
    private static final Path PROCESS_STATUS = Path.of("/proc/self/status");
    private static final String PEAK_RESIDENT = "VmHWM:";

    private Machine() {}

    /**
     * Bytes of the CPU's memory, of which a container may see only its own part, and of each GPU asked for.
     *
     * @throws dev.socratic.trainer.failure.TrainerFailure InvalidConfiguration if there are fewer GPUs
     */
    public static Map<String, Long> memory(int gpus) {
        Map<String, Long> memory = new LinkedHashMap<>();
        int found = gpus == 0 ? 0 : Engine.getEngine("PyTorch").getGpuCount();
        if (found < gpus) {
            throw Problem.of(FailureReason.InvalidConfiguration, "this machine has fewer GPUs")
                    .where("spec.placement.gpus")
                    .found(gpus)
                    .allowed("0 to " + found)
                    .remedy(found == 0 ? "set it to 0 to train on the CPU" : "lower it, or use a larger machine")
                    .failure();
        }
        for (int gpu = 0; gpu < gpus; gpu++) {
            memory.put(
                    String.valueOf(gpu), CudaUtils.getGpuMemory(Device.gpu(gpu)).getMax());
        }
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        memory.put(CPU, system.getTotalMemorySize());
        return memory;
    }

    /** As the driver calls it, where it says so. */
    public static String name(String device) {
        if (device.equals(CPU)) {
            return "CPU";
        }
        List<String> names = gpuNames();
        int index = Integer.parseInt(device);
        return index < names.size() ? names.get(index) : "GPU " + device;
    }

    private static List<String> gpuNames() {
        List<String> names = new ArrayList<>();
        if (Files.isDirectory(GPU_FACTS)) {
            try (Stream<Path> gpus = Files.list(GPU_FACTS)) {
                for (Path gpu : gpus.sorted().toList()) {
                    field(gpu.resolve("information"), "Model:").ifPresent(names::add);
                }
            } catch (IOException unknown) {
                return List.of();
            }
        }
        return names;
    }

    /** Most memory that the process has held so far, or null where that is not known. */
    public static Long peakBytes(String device) {
        if (!device.equals(CPU)) {
            return usedBytes(device);
        }
        return field(PROCESS_STATUS, PEAK_RESIDENT)
                .map(text -> Long.parseLong(text.replaceAll("\\D", "")) << 10)
                .orElse(null);
    }

    /** Memory of a GPU in use by the driver's count. libtorch gives nothing back, so at the end of a run it is the peak. */
    public static long usedBytes(String gpu) {
        return CudaUtils.getGpuMemory(Devices.of(gpu)).getUsed();
    }

    /** Processor time of this process so far, on all its threads. */
    public static long cpuNanos() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    private static Optional<String> field(Path file, String name) {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.filter(line -> line.startsWith(name))
                    .map(line -> line.substring(name.length()).strip())
                    .findFirst();
        } catch (IOException unknown) {
            return Optional.empty();
        }
    }
}
