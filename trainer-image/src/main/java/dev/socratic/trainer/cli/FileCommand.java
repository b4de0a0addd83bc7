package dev.socratic.trainer.cli;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.api.yaml.ResourceFile;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A command whose argument is a resource file. */
@Command(mixinStandardHelpOptions = true, sortOptions = false, usageHelpAutoWidth = true)
abstract class FileCommand implements Callable<Integer> {
    @Parameters(paramLabel = "FILE.yaml", description = "The SocraticFineTune, as 'kubectl apply' takes it.")
    private Path file;

    @Option(names = "--debug", description = "Print stack traces of failures (or set SOCRATIC_DEBUG).")
    private boolean debug;

    boolean debug() {
        return debug;
    }

    SocraticFineTune read() {
        if (!Files.isReadable(file)) {
            throw Problem.of(FailureReason.InputNotFound, "the resource file cannot be read")
                    .where(file.toString())
                    .remedy("check the path and its permissions")
                    .failure();
        }
        return ResourceFile.read(file);
    }
}
