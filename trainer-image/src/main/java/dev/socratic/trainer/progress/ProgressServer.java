package dev.socratic.trainer.progress;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/** {@code GET /progress} (JSON, see {@link ProgressReport}) and {@code GET /metrics} (Prometheus). */
public final class ProgressServer implements AutoCloseable {
    /** Port of the container, by the contract with the operator. */
    public static final int PORT = 9464;

    private final HttpServer server;
    private final ExecutorService threads;

    private ProgressServer(HttpServer server, ExecutorService threads) {
        this.server = server;
        this.threads = threads;
    }

    /** @throws IOException when the address is taken or not ours */
    public static ProgressServer start(InetSocketAddress address, Supplier<ProgressReport> latest) throws IOException {
        HttpServer server = HttpServer.create(address, 0);
        ExecutorService threads = Executors.newFixedThreadPool(2, ProgressServer::daemon);
        server.setExecutor(threads);
        server.createContext("/", exchange -> {
            try (exchange) {
                answer(exchange, latest);
            }
        });
        server.start();
        return new ProgressServer(server, threads);
    }

    public InetSocketAddress address() {
        return server.getAddress();
    }

    private static void answer(HttpExchange exchange, Supplier<ProgressReport> latest) throws IOException {
        String method = exchange.getRequestMethod();
        if (!method.equals("GET") && !method.equals("HEAD")) {
            send(exchange, 405, "text/plain", "GET only\n");
            return;
        }
        switch (exchange.getRequestURI().getPath()) {
            case "/progress" ->
                send(exchange, 200, "application/json", latest.get().toJson());
            case "/metrics" -> send(exchange, 200, PrometheusText.CONTENT_TYPE, PrometheusText.of(latest.get()));
            default -> send(exchange, 404, "text/plain", "/progress or /metrics\n");
        }
    }

    private static void send(HttpExchange exchange, int status, String type, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        boolean headOnly = exchange.getRequestMethod().equals("HEAD");
        exchange.getResponseHeaders().set("Content-Type", type);
        exchange.sendResponseHeaders(status, headOnly ? -1 : body.length);
        if (!headOnly) {
            exchange.getResponseBody().write(body);
        }
    }

    private static Thread daemon(Runnable work) {
        Thread thread = new Thread(work, "progress");
        thread.setDaemon(true);
        return thread;
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
