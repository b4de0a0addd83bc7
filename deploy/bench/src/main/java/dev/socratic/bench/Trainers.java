package dev.socratic.bench;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Answers for all pods, as their trainers would: kwok gives each the address 127.0.0.1. */
final class Trainers implements AutoCloseable {
    private static final byte[] REPORT = """
            {"phase":"Training","message":"Training","step":1,"totalSteps":100,"epoch":0.01,"loss":2.5,"learningRate":2e-5,
             "gradNorm":1.0,"tokensPerSecond":4000.0,"etaSeconds":600,"updatedAt":"2026-01-01T00:00:00Z"}
            """.getBytes(StandardCharsets.UTF_8);

    private final HttpServer server;
    private final ExecutorService threads = Executors.newFixedThreadPool(2);

    Trainers() throws IOException {
        server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 1024);
        server.setExecutor(threads);
        server.createContext("/progress", exchange -> {
            try (exchange) {
                exchange.sendResponseHeaders(200, REPORT.length);
                exchange.getResponseBody().write(REPORT);
            }
        });
        server.start();
    }

    int port() {
        return server.getAddress().getPort();
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
