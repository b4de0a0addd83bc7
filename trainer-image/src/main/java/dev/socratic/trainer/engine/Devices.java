package dev.socratic.trainer.engine;

import ai.djl.Device;

/** Device ids of a device map, {@code "0"}, {@code "1"}, …, {@code "cpu"}, as DJL's devices. */
public final class Devices {
    public static final String CPU = "cpu";

    private Devices() {}

    public static Device of(String id) {
        return CPU.equals(id) ? Device.cpu() : Device.gpu(Integer.parseInt(id));
    }
}
