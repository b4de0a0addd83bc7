package dev.socratic.bench;

import dev.socratic.operator.OperatorMain;
import dev.socratic.operator.settings.Setting;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The operator as a process of its own, so that what it costs is its own. */
final class OperatorProcess implements AutoCloseable {
    private static final Pattern REQUESTS = Pattern.compile("rest_client_requests_total\\{(.*)} (\\S+)");
    private static final Pattern LABEL = Pattern.compile("(\\w+)=\"([^\"]*)\"");
    private static final long KIB = 1024;

    private final Process process;
    private final int port;
    private final HttpClient http = HttpClient.newHttpClient();

    private OperatorProcess(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /** Returns when it is ready. */
    static OperatorProcess start(Path kubeconfig, Path log, List<String> javaOptions, Map<Setting, String> settings)
            throws IOException, InterruptedException {
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(javaOptions);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), OperatorMain.class.getName()));
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().put("KUBECONFIG", kubeconfig.toString());
        settings.forEach((setting, value) -> builder.environment().put(setting.variable(), value));
        builder.environment().put(Setting.HTTP_PORT.variable(), String.valueOf(port));
        OperatorProcess operator = new OperatorProcess(builder.start(), port);
        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
        while (!operator.ready()) {
            if (!operator.process.isAlive() || System.nanoTime() > end) {
                operator.close();
                throw new IllegalStateException("The operator did not become ready; its log is " + log);
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
        }
        return operator;
    }

    /** What it has cost up to now. */
    Cost cost() throws IOException, InterruptedException {
        Map<String, Integer> requests = new TreeMap<>();
        for (String line : get("/metrics").body().split("\n")) {
            Matcher matcher = REQUESTS.matcher(line);
            if (matcher.matches()) {
                Map<String, String> labels = new TreeMap<>();
                Matcher label = LABEL.matcher(matcher.group(1));
                while (label.find()) {
                    labels.put(label.group(1), label.group(2));
                }
                requests.merge(
                        labels.get("method") + " " + labels.get("resource"),
                        (int) Double.parseDouble(matcher.group(2)),
                        Integer::sum);
            }
        }
        return new Cost(
                process.info().totalCpuDuration().orElse(Duration.ZERO), memory("VmRSS"), memory("VmHWM"), requests);
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        process.waitFor();
    }

    private boolean ready() throws InterruptedException {
        try {
            return get("/readyz").statusCode() == 200;
        } catch (IOException notYet) {
            return false;
        }
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return http.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private long memory(String field) throws IOException {
        Pattern line = Pattern.compile(field + ":\\s+(\\d+) kB");
        return Files.readAllLines(Path.of("/proc/" + process.pid() + "/status")).stream()
                .map(line::matcher)
                .filter(Matcher::matches)
                .mapToLong(matcher -> Long.parseLong(matcher.group(1)) * KIB)
                .findFirst()
                .orElse(0);
    }
}
