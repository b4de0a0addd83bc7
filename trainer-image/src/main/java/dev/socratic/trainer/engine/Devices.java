package dev.socratic.trainer.engine;

import ai.djl.Device;

/**
 * Device ids of a device map as DJL's devices: {@code "0"}, {@code "1"}, …, {@code "cpu"}. Ids such as {@code "cpu:1"}
 * all mean the CPU: so what several devices do can be seen on a machine with none.
 */
public final class Devices {
    public static final String CPU = "cpu";

    private Devices() {}

    public static Device of(String id) {
        return id.startsWith(CPU) ? Device.cpu() : Device.gpu(Integer.parseInt(id));
    }
}
