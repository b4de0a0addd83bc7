package dev.socratic.operator.progress;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Asks trainers for their progress; one that does not answer in time has none to tell. */
final class ProgressClient {
    private static final int OK = 200;

    private final HttpClient http;
    private final int port;
    private final Duration timeout;

    ProgressClient(int port, Duration timeout) {
        this.http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(timeout)
                .build();
        this.port = port;
        this.timeout = timeout;
    }

    /** Never completes exceptionally. */
    CompletableFuture<Optional<TrainerReport>> ask(ProgressEndpoint endpoint) {
        HttpRequest request;
        try {
            URI uri = new URI("http", null, endpoint.host(), port, "/progress", null, null);
            request = HttpRequest.newBuilder(uri).timeout(timeout).build();
        } catch (URISyntaxException | IllegalArgumentException notAnAddress) {
            return CompletableFuture.completedFuture(Optional.empty());
        }
        return http.sendAsync(request, HttpResponse.BodyHandlers.ofString())
                .thenApply(response -> response.statusCode() == OK ? TrainerReport.parse(response.body()) : noReport())
                .exceptionally(noAnswer -> noReport());
    }

    private static Optional<TrainerReport> noReport() {
        return Optional.empty();
    }
}
