package dev.socratic.local;

import dev.socratic.local.controlplane.ControlPlane;
import dev.socratic.local.controlplane.ControlPlanes;
import dev.socratic.local.view.PrinterColumns;
import dev.socratic.local.view.WatchView;
import dev.socratic.operator.SocraticOperator;
import dev.socratic.operator.settings.OperatorSettings;
import dev.socratic.operator.settings.Setting;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The command of {@code deploy/local/run.sh}. */
@Command(
        name = "run.sh",
        sortOptions = false,
        description = "Runs a SocraticFineTune on this machine: API server, operator and trainer, without containers.")
public final class LocalMode implements Callable<Integer> {
    private static final int INTERNAL = 70;
    private static final Duration FIRST_BACKOFF = Duration.ofSeconds(10);

    @Parameters(paramLabel = "FILE.yaml", description = "the resource, as for kubectl apply")
    private Path path;

    @Option(names = "--keep", description = "after the run, go on until Ctrl-C, for kubectl in another terminal")
    private boolean keep;

    @Option(
            names = "--claim",
            paramLabel = "NAME=FOLDER",
            description = "a folder that stands for the persistent volume claim NAME (may be given again)")
    private Map<String, Path> folders = Map.of();

    @Option(
            names = "--state",
            paramLabel = "FOLDER",
            description = "where the run keeps its files; default: .socratic in the repository")
    private Path state;

    @Option(
            names = "--control-plane",
            paramLabel = "auto|real|mock",
            description = "real: etcd and kube-apiserver; mock: in-process; auto: real where it can be had (default)")
    private ControlPlanes.Choice choice = ControlPlanes.Choice.AUTO;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "this text")
    private boolean help;

    private final Path repository;
    private final PrintStream out;

    LocalMode(Path repository, PrintStream out) {
        this.repository = repository;
        this.out = out;
    }

    public static void main(String[] arguments) {
        Path repository = Path.of(System.getProperty("socratic.home", ""));
        System.exit(run(repository, System.out, arguments));
    }

    /**
     * Runs the command.
     *
     * @return its exit status
     */
    static int run(Path repository, PrintStream out, String... arguments) {
        return new CommandLine(new LocalMode(repository, out))
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(System.err, true))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExitCodeExceptionMapper(failure -> INTERNAL)
                .setExecutionExceptionHandler((failure, line, parsed) -> {
                    if (failure instanceof LocalFailure known) {
                        line.getErr().println(known.getMessage());
                        return known.exitCode();
                    }
                    throw failure;
                })
                .execute(arguments);
    }

    @Override
    public Integer call() throws InterruptedException {
        Path folder = state == null ? repository.resolve(".socratic") : state;
        LogFile.in(folder);
        var file = FineTuneFile.read(path);
        try (var directory = RunDirectory.take(folder);
                var ending = Ending.atShutdown()) {
            var cluster = ending.closes(LocalCluster.start(
                    directory,
                    new LocalCluster.Parts(
                            choice, TrainerImage.builtIn(repository), FIRST_BACKOFF, LocalMode::operator),
                    out::println));
            introduce(cluster);
            cluster.startOperator();
            new Submission(cluster, folders, System.getenv(), out::println).apply(file);
            out.println();
            var view = new WatchView(PrinterColumns.of(cluster.definition()), Clock.systemUTC(), out::println);
            int status =
                    new Conclusion(cluster, file, out::println).tell(Follower.follow(cluster.client(), file, view));
            if (keep) {
                out.println();
                out.println("The cluster stays up until Ctrl-C. In another terminal:");
                out.println("  export KUBECONFIG=" + directory.kubeconfig());
                out.println("  kubectl get sft");
                new CountDownLatch(1).await();
            }
            return status;
        }
    }

    private void introduce(LocalCluster cluster) {
        boolean mock = cluster.plane().kind() == ControlPlane.Kind.MOCK;
        out.println("control plane: " + cluster.plane().description()
                + (mock ? " (no schemas; kubectl can do little with it)" : ""));
        out.println("kubeconfig: " + cluster.directory().kubeconfig());
    }

    /** The operator as in a cluster, but quicker to look: one run on one machine. */
    static AutoCloseable operator(KubernetesClient client) {
        var settings = OperatorSettings.with(Map.of(
                Setting.PROGRESS_POLL_INTERVAL, "500ms",
                Setting.PROGRESS_WRITE_INTERVAL, "2s",
                Setting.PENDING_CHECK_INTERVAL, "2s",
                Setting.RECONCILE_THREADS, "2"));
        var operator = new SocraticOperator(client, settings);
        operator.start();
        return () -> {
            operator.close();
            client.close();
        };
    }
}
