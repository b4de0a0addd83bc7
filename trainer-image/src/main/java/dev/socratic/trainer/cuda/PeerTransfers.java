package dev.socratic.trainer.cuda;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import dev.socratic.trainer.engine.Precision;
import dev.socratic.trainer.engine.Transfers;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/**
 * Transfers between GPUs for which neither waits longer than it must. libtorch's copies let each GPU wait for everything
 * that was launched on the other one; here the sender copies to a box of its own and marks that with an event, and the
 * receiver waits for that event alone before it fetches what is there. The sender uses a box again when it was emptied.
 */
final class PeerTransfers implements Transfers {
    private final CudaDriver driver;
    private final Map<Device, Gpu> devices;
    private final Transfers others;
    private final Map<Route, Deque<TransferBox>> empty = new HashMap<>();

    /** @param others for arrays that do not go from GPU to GPU as they are */
    PeerTransfers(CudaDriver driver, Map<Device, Gpu> devices, Transfers others) {
        this.driver = driver;
        this.devices = Map.copyOf(devices);
        this.others = others;
        for (Gpu gpu : devices.values()) {
            devices.values().stream().filter(peer -> peer != gpu).forEach(gpu::reach);
        }
    }

    private record Route(Device from, Device to) {}

    @Override
    public Transfer send(NDArray x, Device to) {
        Device from = x.getDevice();
        Gpu sender = devices.get(from);
        Gpu receiver = devices.get(to);
        if (sender == null || receiver == null || sender == receiver || !sender.dense(x)) {
            return others.send(x, to);
        }
        Route route = new Route(from, to);
        TransferBox box = box(route, sender, receiver);
        Precision type = sender.type(x);
        long[] shape = x.getShape().getShape();
        long bytes = x.getShape().size() * type.bytes();
        box.fill(sender.address(x), bytes);
        x.close();
        return owner -> {
            NDArray there = receiver.empty(owner, type, shape);
            box.fetch(receiver.address(there), bytes);
            back(route, box);
            return there;
        };
    }

    private synchronized TransferBox box(Route route, Gpu sender, Gpu receiver) {
        TransferBox box = empty.computeIfAbsent(route, of -> new ArrayDeque<>()).poll();
        return box != null ? box : new TransferBox(driver, sender, receiver);
    }

    private synchronized void back(Route route, TransferBox box) {
        empty.get(route).add(box);
    }
}
