package dev.socratic.trainer.cli;

import dev.socratic.api.yaml.InvalidResource;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import dev.socratic.trainer.failure.TrainerFailure;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Turns whatever ended a command into a message for people and an exit code for the Job. */
final class FailureReport {
    private final boolean debug;

    /** @param debug whether to print stack traces too */
    FailureReport(boolean debug) {
        this.debug = debug;
    }

    /** What ended a run, as the failure that it counts as. */
    static TrainerFailure asFailure(Throwable thrown) {
        if (thrown instanceof TrainerFailure failure) {
            return failure;
        }
        if (thrown instanceof InvalidResource) {
            return Problem.of(FailureReason.InvalidConfiguration, thrown.getMessage())
                    .failure(thrown);
        }
        if (thrown instanceof OutOfMemoryError) {
            return Problem.of(FailureReason.OutOfMemory, "the Java heap is full (" + thrown.getMessage() + ")")
                    .remedy("give the process more memory, or SOCRATIC_JAVA_OPTS=-Xmx… a larger share of it")
                    .failure(thrown);
        }
        return Problem.of(FailureReason.InternalError, "unexpected " + oneLine(thrown))
                .remedy("run again with --debug and report what it prints")
                .failure(thrown);
    }

    int usage(ParameterException wrong, String[] arguments) {
        CommandLine command = wrong.getCommandLine();
        PrintWriter err = command.getErr();
        err.println("error: " + wrong.getMessage());
        UnmatchedArgumentException.printSuggestions(wrong, err);
        err.println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
        return FailureReason.InvalidConfiguration.exitCode();
    }

    int execution(Exception thrown, CommandLine command, ParseResult parsed) {
        boolean wanted = debug || (command.getCommand() instanceof FileCommand file && file.debug());
        return report(thrown, command, wanted);
    }

    int error(CommandLine command, Error thrown) {
        return report(thrown, command, debug);
    }

    private static int report(Throwable thrown, CommandLine command, boolean stackTrace) {
        TrainerFailure failure = asFailure(thrown);
        command.getErr().println("error: " + failure.getMessage());
        if (stackTrace) {
            thrown.printStackTrace(command.getErr());
        }
        command.getErr().flush();
        return failure.exitCode();
    }

    private static String oneLine(Throwable thrown) {
        String message = thrown.getMessage();
        String name = thrown.getClass().getSimpleName();
        return message == null
                ? name
                : name + ": " + message.lines().findFirst().orElse("");
    }
}
