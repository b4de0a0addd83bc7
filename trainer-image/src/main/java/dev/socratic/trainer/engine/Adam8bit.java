package dev.socratic.trainer.engine;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.socratic.trainer.quant.DynamicMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** bitsandbytes' AdamW8bit, with ATen on any device; the formulas stand in the TorchScript resource. */
public final class Adam8bit {
    /** Elements that share a scale. */
    public static final int BLOCK = DynamicMap.BLOCK;

    /** bitsandbytes' min_8bit_size: the moments of smaller parameters stay in float32. */
    public static final int SMALLEST = 4096;

    private final NDManager owner;
    private final TorchScript script;
    private final Map<Device, List<NDArray>> levels = new HashMap<>();

    Adam8bit(NDManager owner) {
        this.owner = owner;
        this.script = TorchScript.load(owner, "Adam8bit");
    }

    /**
     * Both moments of P parameters.
     *
     * @param firstCodes uint8 [P]
     * @param firstAbsmax [P / 256]
     */
    public record Moments(NDArray firstCodes, NDArray firstAbsmax, NDArray secondCodes, NDArray secondAbsmax) {
        /** @param size a multiple of {@link #BLOCK} */
        public static Moments zeros(NDManager owner, long size, Device device) {
            Shape codes = new Shape(size);
            Shape absmax = new Shape(size / BLOCK);
            return new Moments(
                    owner.zeros(codes, DataType.UINT8, device),
                    owner.zeros(absmax, DataType.FLOAT32, device),
                    owner.zeros(codes, DataType.UINT8, device),
                    owner.zeros(absmax, DataType.FLOAT32, device));
        }

        private List<NDArray> arrays() {
            return List.of(firstCodes, firstAbsmax, secondCodes, secondAbsmax);
        }
    }

    /** Changes parameters and moments; parameters are flat float32 [P], gradients as long, P a multiple of {@link #BLOCK}. */
    public void step(NDArray parameters, NDArray gradients, Moments moments, AdamW settings) {
        script.one(
                        owner,
                        "step",
                        parameters,
                        gradients,
                        moments.arrays(),
                        levels.computeIfAbsent(parameters.getDevice(), this::levels),
                        settings.gradientScale(),
                        settings.learningRate(),
                        settings.weightDecay(),
                        settings.step(),
                        AdamW.BETA1,
                        AdamW.BETA2,
                        AdamW.EPSILON)
                .close();
    }

    private List<NDArray> levels(Device device) {
        return List.of(placed(DynamicMap.levels(), device), placed(DynamicMap.unsignedLevels(), device));
    }

    private NDArray placed(float[] values, Device device) {
        NDArray here = owner.create(values);
        NDArray there = here.toDevice(device, false);
        there.attach(owner);
        return there;
    }
}
