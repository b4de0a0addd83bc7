package dev.socratic.trainer.cuda;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.socratic.trainer.engine.Linear;
import dev.socratic.trainer.engine.LoraFactors;
import dev.socratic.trainer.engine.Nf4Storage;
import dev.socratic.trainer.engine.Precision;
import dev.socratic.trainer.engine.TorchEngine;
import dev.socratic.trainer.engine.Weight;
import dev.socratic.trainer.quant.DoubleQuant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Random layers that read the same input.
 *
 * @param layers in the compute type
 * @param exact with the same weights, for the plain operations in float32
 */
record LinearGroup(List<Linear> layers, List<Linear> exact) {
    /** How frozen matrices lie on the device. */
    enum Stored {
        DENSE,
        NF4,
        NESTED
    }

    /** What draws them. */
    record Random(TorchEngine engine, NDManager scope, Device device) {
        LinearGroup group(Precision compute, int inputs, int count, Stored stored) {
            List<Linear> layers = new ArrayList<>();
            List<Linear> exact = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                int outputs = 24 + 8 * i;
                Weight weight = weight(outputs, inputs, compute, stored);
                NDArray a = draw(4, inputs).mul(0.1);
                NDArray b = draw(outputs, 4);
                Optional<NDArray> bias = Optional.of(draw(1, outputs).reshape(outputs));
                layers.add(new Linear("l", weight, compute, bias, Optional.of(factors(a, b))));
                exact.add(new Linear("l", inFull(weight), Precision.FLOAT32, bias, Optional.of(factors(a, b))));
            }
            return new LinearGroup(layers, exact);
        }

        private Weight weight(int rows, int columns, Precision type, Stored stored) {
            if (stored == Stored.DENSE) {
                return new Weight.Dense(engine.tensors().normal(scope, device, rows, columns, 1, type));
            }
            DoubleQuant doubleQuant = stored == Stored.NF4 ? DoubleQuant.OFF : DoubleQuant.ON;
            return new Nf4Storage(engine, scope).random(rows, columns, type, doubleQuant, device);
        }

        private Weight inFull(Weight weight) {
            return weight instanceof Weight.Dense dense
                    ? new Weight.Dense(engine.tensors().cast(scope, dense.matrix(), Precision.FLOAT32))
                    : weight;
        }

        NDArray draw(long rows, long columns) {
            return engine.tensors().normal(scope, device, rows, columns, 1, Precision.FLOAT32);
        }

        private static LoraFactors factors(NDArray a, NDArray b) {
            return new LoraFactors(a, b, a.zerosLike(), b.zerosLike(), 2);
        }
    }

    long outputs(int layer) {
        return layers.get(layer).weight().rows();
    }

    List<Linear> withoutBias() {
        return layers.stream()
                .map(l -> new Linear(l.name(), l.weight(), l.compute(), Optional.empty(), l.lora()))
                .toList();
    }
}
