package dev.socratic.operator;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/** The HTTP side of a trainer: answers {@code GET /progress} with what the test wants it to say. */
public final class FakeTrainer implements AutoCloseable {
    public static final String HOST = "127.0.0.1";

    private final HttpServer server;
    private volatile String answer = "{}";

    public FakeTrainer() throws IOException {
        server = HttpServer.create(new InetSocketAddress(HOST, 0), 0);
        server.createContext("/progress", exchange -> {
            byte[] body = answer.getBytes(StandardCharsets.UTF_8);
            try (exchange) {
                exchange.sendResponseHeaders(200, body.length);
                exchange.getResponseBody().write(body);
            }
        });
        server.start();
    }

    public int port() {
        return server.getAddress().getPort();
    }

    public void isAtStep(int step) {
        answer = """
                {"phase":"Training","message":"Training","step":%d,"totalSteps":3,"epoch":0.5,"loss":1.41274,
                 "tokensPerSecond":4210.4,"etaSeconds":190,"updatedAt":"2026-01-01T00:00:0%dZ","modelRevision":"abc123",
                 "parameters":{"trainable":6389760,"total":2620731648},
                 "devices":[{"id":"0","name":"Fake","layers":"embed,0-7","capBytes":4294967296,"plannedBytes":1,"peakBytes":%d}],
                 "checkpoint":%s,"later":"field"}
                """.formatted(step, step, step, step < 2 ? "null" : "{\"step\":2,\"uri\":\"checkpoints/2\"}");
    }

    public static String lastWords() {
        return """
                {"phase":"Succeeded","message":"questions: 0 of 20 before, 19 of 20 after","step":3,"totalSteps":3,
                 "loss":1.2,"tokensPerSecond":4000.0,"etaSeconds":0,"updatedAt":"2026-01-01T00:00:03Z",
                 "adapter":{"uri":"pvc://adapters/socratic-ja","sha256":"0f","sizeBytes":25},
                 "report":"pvc://adapters/socratic-ja/report.html","exitCode":0}
                """;
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
