package dev.socratic.trainer.placement;

import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import java.util.Comparator;
import java.util.Map;
import java.util.stream.IntStream;

/** A device map that the user wrote: module names to devices, where the longest name that contains a module decides. */
final class ExplicitMap {
    private static final String FIELD = "spec.placement.deviceMap";

    private ExplicitMap() {}

    static DeviceMap of(ModelShape shape, Map<String, String> modules, int gpus) {
        modules.forEach((module, device) -> check(shape, module, device, gpus));
        return new DeviceMap(
                device(modules, ModuleTree.EMBEDDING),
                IntStream.range(0, shape.layers())
                        .mapToObj(index -> device(modules, ModuleTree.layer(index)))
                        .toList(),
                device(modules, ModuleTree.NORM),
                device(modules, ModuleTree.HEAD));
    }

    private static void check(ModelShape shape, String module, String device, int gpus) {
        boolean there = device.equals("cpu")
                || IntStream.range(0, gpus).mapToObj(Integer::toString).anyMatch(device::equals);
        // the empty name is that of the whole model; beside what is no device it is a strategy that does not exist
        boolean known = module.isEmpty() && there
                || module.equals("model")
                || module.equals("model.layers")
                || module.equals("model.rotary_emb")
                || module.equals(ModuleTree.EMBEDDING)
                || module.equals(ModuleTree.NORM)
                || module.equals(ModuleTree.HEAD)
                || IntStream.range(0, shape.layers())
                        .mapToObj(ModuleTree::layer)
                        .anyMatch(module::equals);
        if (!known) {
            throw Problem.of(FailureReason.InvalidConfiguration, "the device map names no module of this model")
                    .where(FIELD)
                    .found(module.isEmpty() ? device : module)
                    .allowed("balanced, auto, sequential, or a map from model, model.embed_tokens, model.layers, "
                            + "model.layers.0 to " + (shape.layers() - 1) + ", model.norm and lm_head to devices")
                    .failure();
        }
        if (!there) {
            throw Problem.of(FailureReason.InvalidConfiguration, "the device map names no device of this run")
                    .where(FIELD + "." + module)
                    .found(device)
                    .allowed((gpus > 0 ? "0 to " + (gpus - 1) + " or " : "") + "cpu")
                    .remedy("name such a device, or raise spec.placement.gpus")
                    .failure();
        }
    }

    private static String device(Map<String, String> modules, String module) {
        return modules.keySet().stream()
                .filter(name -> name.isEmpty() || module.equals(name) || module.startsWith(name + "."))
                .max(Comparator.comparingInt(String::length))
                .map(modules::get)
                .orElseThrow(() -> Problem.of(FailureReason.InvalidConfiguration, "the device map leaves out a module")
                        .where(FIELD)
                        .found(module)
                        .remedy("give it a device")
                        .failure());
    }
}
