package dev.socratic.trainer.cli;

import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The program {@code socratic-trainer}, also the entry point of the image. */
@Command(
        name = "socratic-trainer",
        description = "Fine-tunes a language model as a SocraticFineTune resource describes it.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        synopsisSubcommandLabel = "COMMAND",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:done",
            "64:bad configuration",
            "65:bad data",
            "66:input or output not found, or not allowed",
            "70:internal error",
            "75:try again",
            "77:out of memory under the caps"
        },
        subcommands = {
            TrainCommand.class,
            PlanCommand.class,
            TokenizeCommand.class,
            QuantizeCommand.class,
            GenerateCommand.class,
            MergeCommand.class,
            BenchCommand.class
        })
public final class SocraticTrainer {
    private SocraticTrainer() {}

    public static void main(String[] arguments) {
        System.exit(run(System.getenv(), arguments));
    }

    /** @return the exit code */
    static int run(Map<String, String> environment, String... arguments) {
        CommandLine commands = new CommandLine(new SocraticTrainer());
        FailureReport failures = new FailureReport(environment.containsKey("SOCRATIC_DEBUG"));
        commands.setParameterExceptionHandler(failures::usage);
        commands.setExecutionExceptionHandler(failures::execution);
        commands.setCaseInsensitiveEnumValuesAllowed(true);
        try {
            return commands.execute(arguments);
        } catch (Error error) {
            return failures.error(commands, error);
        }
    }
}
