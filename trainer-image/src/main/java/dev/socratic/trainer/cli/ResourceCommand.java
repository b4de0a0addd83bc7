package dev.socratic.trainer.cli;

import dev.socratic.api.v1alpha1.SocraticFineTune;

/** A command that works on a resource, and ends well or with a failure. */
abstract class ResourceCommand extends FileCommand {
    @Override
    public Integer call() {
        run(read());
        return 0;
    }

    abstract void run(SocraticFineTune resource);
}
