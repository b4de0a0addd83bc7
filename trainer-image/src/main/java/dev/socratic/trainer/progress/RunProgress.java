package dev.socratic.trainer.progress;

import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sinks of one run: every event goes to each of them in the order they were added. Started before anything can
 * fail, so that every failure is told; files of the output folder are added once it is known.
 */
public final class RunProgress implements ProgressSink {
    private static final Logger LOG = LoggerFactory.getLogger(RunProgress.class);
    private static final Path KUBELET_FILE = Path.of("/dev/termination-log");

    private final List<ProgressSink> sinks = new ArrayList<>();
    private final Optional<ProgressServer> server;

    private RunProgress(LatestReport latest, Optional<ProgressServer> server) {
        sinks.add(latest);
        this.server = server;
    }

    /**
     * Console, HTTP and termination message. {@code SOCRATIC_PROGRESS_ADDRESS} (HOST:PORT) and {@code
     * SOCRATIC_TERMINATION_LOG} (a file) say where; outside a cluster the port is open to this machine only.
     */
    public static RunProgress start(Map<String, String> environment, PrintStream out) {
        LatestReport latest = new LatestReport(Clock.systemUTC());
        RunProgress progress = new RunProgress(latest, serve(address(environment), latest));
        progress.add(new ConsoleProgress(out, Terminal.detect(environment)));
        Optional.ofNullable(environment.get("SOCRATIC_TERMINATION_LOG"))
                .map(Path::of)
                .or(() -> Optional.of(KUBELET_FILE).filter(Files::exists))
                .ifPresent(file -> progress.add(new TerminationMessage(file, latest::get)));
        return progress;
    }

    public void add(ProgressSink sink) {
        sinks.add(sink);
    }

    /** A run goes on without being watched, for example when two share a machine. */
    private static Optional<ProgressServer> serve(InetSocketAddress address, LatestReport latest) {
        try {
            return Optional.of(ProgressServer.start(address, latest::get));
        } catch (IOException taken) {
            LOG.warn("Cannot serve progress at {}: {}", address, taken.getMessage());
            return Optional.empty();
        }
    }

    private static InetSocketAddress address(Map<String, String> environment) {
        String text = environment.get("SOCRATIC_PROGRESS_ADDRESS");
        if (text == null) {
            boolean inCluster = environment.containsKey("KUBERNETES_SERVICE_HOST");
            return inCluster
                    ? new InetSocketAddress(ProgressServer.PORT)
                    : new InetSocketAddress(InetAddress.getLoopbackAddress(), ProgressServer.PORT);
        }
        int colon = text.lastIndexOf(':');
        if (colon < 1 || !text.substring(colon + 1).matches("\\d{1,5}")) {
            throw Problem.of(FailureReason.InvalidConfiguration, "is no address")
                    .where("SOCRATIC_PROGRESS_ADDRESS")
                    .found(text)
                    .allowed("HOST:PORT")
                    .failure();
        }
        return new InetSocketAddress(text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
    }

    private void each(Consumer<ProgressSink> event) {
        sinks.forEach(event);
    }

    @Override
    public void phase(RunPhase phase, String message) {
        each(sink -> sink.phase(phase, message));
    }

    @Override
    public void plan(RunFacts facts) {
        each(sink -> sink.plan(facts));
    }

    @Override
    public void step(TrainingStep step) {
        each(sink -> sink.step(step));
    }

    @Override
    public void evaluated(int step, double evalLoss) {
        each(sink -> sink.evaluated(step, evalLoss));
    }

    @Override
    public void checkpointed(int step, Path at) {
        each(sink -> sink.checkpointed(step, at));
    }

    @Override
    public void resumed(int step, Path from) {
        each(sink -> sink.resumed(step, from));
    }

    @Override
    public void finished(RunOutcome outcome) {
        each(sink -> sink.finished(outcome));
    }

    @Override
    public void close() {
        server.ifPresent(ProgressServer::close);
        each(ProgressSink::close);
    }
}
