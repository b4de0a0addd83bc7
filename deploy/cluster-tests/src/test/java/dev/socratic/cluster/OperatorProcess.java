package dev.socratic.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.socratic.operator.OperatorMain;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The operator as a process, as its image starts it. */
public final class OperatorProcess implements AutoCloseable {
    private static final Pattern READY = Pattern.compile("health and metrics on port (\\d+)");
    private static final int PATIENCE_SECONDS = 60;

    private final Process process;
    private final int port;

    private OperatorProcess(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /** Starts it with {@code variables} alone and returns when it says that it is ready. */
    public static OperatorProcess start(Path kubeconfig, Map<String, String> variables) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                OperatorMain.class.getName());
        builder.environment().clear();
        builder.environment().putAll(variables);
        builder.environment().put("KUBECONFIG", kubeconfig.toString());
        Process process = builder.redirectErrorStream(true).start();
        BufferedReader output = process.inputReader();
        List<String> log = new ArrayList<>();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            log.add(line);
            Matcher ready = READY.matcher(line);
            if (ready.find()) {
                passOn(output);
                return new OperatorProcess(process, Integer.parseInt(ready.group(1)));
            }
        }
        throw new AssertionError("the operator ended before it was ready:\n" + String.join("\n", log));
    }

    private static void passOn(BufferedReader output) {
        Thread rest = new Thread(
                () -> {
                    try {
                        for (String line = output.readLine(); line != null; line = output.readLine()) {
                            System.out.println(line);
                        }
                    } catch (IOException ended) {
                        // with the process
                    }
                },
                "operator-log");
        rest.setDaemon(true);
        rest.start();
    }

    /** What Prometheus would read from it now. */
    public String scrape() throws IOException, InterruptedException {
        HttpResponse<String> answer = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/metrics"))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(200);
        return answer.body();
    }

    /** Ends it as the kubelet would: it stops by itself. */
    @Override
    public void close() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("the operator did not stop within " + PATIENCE_SECONDS + " s of its signal");
        }
    }
}
