package dev.socratic.trainer.bench;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import dev.socratic.trainer.engine.Ops;
import dev.socratic.trainer.engine.TorchEngine;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;

/** Operations whose time is added up by name, as long as the host takes to launch them or until the device is done. */
final class TimedOps {
    enum Mode {
        OFF,
        LAUNCHES,
        COMPLETE
    }

    private final Ops ops;
    private final NDArray signal;
    private final Map<String, Double> seconds = new ConcurrentSkipListMap<>();
    private volatile Mode mode = Mode.OFF;

    TimedOps(TorchEngine engine, Device device) {
        this.signal = engine.root().zeros(new Shape(1)).toDevice(device, true);
        this.ops = (Ops) Proxy.newProxyInstance(
                Ops.class.getClassLoader(), new Class<?>[] {Ops.class}, (proxy, method, arguments) -> {
                    try {
                        if (mode == Mode.OFF) {
                            return method.invoke(engine.ops(), arguments);
                        }
                        await();
                        long from = System.nanoTime();
                        Object result = method.invoke(engine.ops(), arguments);
                        await();
                        seconds.merge(method.getName(), (System.nanoTime() - from) / 1e9, Double::sum);
                        return result;
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    /** Reading a value back waits for all that was launched before. */
    private void await() {
        if (mode == Mode.COMPLETE) {
            signal.toFloatArray();
        }
    }

    Ops ops() {
        return ops;
    }

    /** Begins anew in another mode. */
    void measure(Mode next) {
        mode = next;
        seconds.clear();
    }

    /** Milliseconds since {@link #measure}, by operation. */
    Map<String, Double> milliseconds() {
        Map<String, Double> result = new TreeMap<>();
        seconds.forEach((name, value) -> result.put(name, Math.round(value * 1e6) / 1e3));
        return result;
    }
}
