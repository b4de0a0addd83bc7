package dev.socratic.trainer.placement;

import dev.socratic.trainer.data.MicroBatching;
import java.util.List;

/**
 * How a run uses its devices, settled before the start.
 *
 * @param replicas devices that hold all of the model beside the one of the map
 * @param saved what is kept of each block
 * @param microBatching how a step's examples pass through the model
 * @param devices those that hold something
 */
public record RunPlan(
        DeviceMap map,
        List<String> replicas,
        List<SavedActivations> saved,
        MicroBatching microBatching,
        Pipeline pipeline,
        Parameters parameters,
        List<Device> devices) {
    public RunPlan {
        replicas = List.copyOf(replicas);
        saved = List.copyOf(saved);
        devices = List.copyOf(devices);
    }

    /** Of how many blocks something is kept. */
    public long blocks(SavedActivations kept) {
        return saved.stream().filter(each -> each == kept).count();
    }

    /** Numbers of elements. */
    public record Parameters(long trainable, long total) {}

    /**
     * What a device holds, in bytes.
     *
     * @param layers such as {@code embed,0-7,head}
     * @param capBytes most that may be used, or null where nothing bounds it
     * @param weights frozen weights
     * @param adapter adapter, its gradients and the optimizer's moments
     * @param activations what forward passes keep
     * @param workspace most that one block or the head needs while it is computed
     * @param context of the driver and its libraries, on the CPU of the JVM
     * @param dequantized of weights that are kept dequantized
     * @param logitsAtOnce elements of the logits that the head computes at once
     */
    public record Device(
            String id,
            String layers,
            Long capBytes,
            long weights,
            long adapter,
            long activations,
            long workspace,
            long context,
            long dequantized,
            long logitsAtOnce) {
        /** Of the context, what CUDA itself takes of a GPU, as measured; the rest are workspaces, which are allocated. */
        private static final long CUDA = 600L << 20;

        /** Most that a GPU's allocator may take, which does not see what CUDA itself takes. */
        public long allocatable() {
            return capBytes == null ? Long.MAX_VALUE : capBytes - CUDA;
        }

        public long plannedBytes() {
            return weights + adapter + activations + workspace + context + dequantized;
        }

        boolean fits() {
            return capBytes == null || plannedBytes() <= capBytes;
        }
    }

    boolean fits() {
        return devices.stream().allMatch(Device::fits);
    }
}
