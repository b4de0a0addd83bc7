package dev.socratic.trainer.cli;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.trainer.placement.PlanTable;
import dev.socratic.trainer.run.Planning;
import picocli.CommandLine.Command;

/** {@code plan}: what a run would hold where, without the GPUs at hand. */
@Command(name = "plan", description = "Prints which device would hold what, in bytes, under the caps of maxMemory.")
final class PlanCommand extends ResourceCommand {
    @Override
    void run(SocraticFineTune resource) {
        System.out.print(PlanTable.of(Planning.plan(resource, System.getenv())));
    }
}
