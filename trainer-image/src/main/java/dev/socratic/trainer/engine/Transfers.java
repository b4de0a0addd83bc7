package dev.socratic.trainer.engine;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;

/** How activations and their gradients go from the device that made them to the one that needs them. */
public interface Transfers {
    /**
     * Takes an array over and sends it on its way. To be called by the thread that has launched what makes it.
     *
     * @param x closed by this call or when it is received
     */
    Transfer send(NDArray x, Device to);

    /** An array on its way. */
    interface Transfer {
        /** The array on the device that it was sent to. To be called once, by the thread that will use it. */
        NDArray receive(NDManager owner);
    }

    /** By libtorch's copies, which each device's work waits for, what was launched before them included. */
    static Transfers byCopies(Tensors tensors) {
        return (x, to) -> owner -> {
            NDArray there = tensors.onDevice(owner, x, to);
            if (there != x) {
                x.close();
            }
            return there;
        };
    }
}
