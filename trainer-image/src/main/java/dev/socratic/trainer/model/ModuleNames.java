package dev.socratic.trainer.model;

/** Names of the modules of one block, as transformers and PEFT spell them. */
record ModuleNames(int index) {
    String of(LinearModule module) {
        return "model.layers." + index + "." + module.path();
    }

    /** The weight of a norm. */
    String norm(String name) {
        return "model.layers." + index + "." + name + ".weight";
    }
}
