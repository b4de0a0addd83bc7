package dev.socratic.operator.progress;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Asks trainers for their progress; one that does not answer in time, or goes on and on, has none to tell. They may be
 * anybody's programs, and all are asked by one operator.
 */
final class ProgressClient {
    private static final int OK = 200;

    /** What a resource's status has room for, with 64 devices and a long message. */
    private static final int LONGEST_REPORT = 64 * 1024;

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
            request = HttpRequest.newBuilder(uri).build();
        } catch (URISyntaxException | IllegalArgumentException notAnAddress) {
            return CompletableFuture.completedFuture(Optional.empty());
        }
        CompletableFuture<HttpResponse<String>> exchange =
                http.sendAsync(request, head -> new ShortBody(LONGEST_REPORT));
        return exchange.thenApply(
                        response -> response.statusCode() == OK ? TrainerReport.parse(response.body()) : noReport())
                .exceptionally(noAnswer -> noReport())
                .completeOnTimeout(noReport(), timeout.toMillis(), TimeUnit.MILLISECONDS)
                .whenComplete((report, never) -> exchange.cancel(true));
    }

    private static Optional<TrainerReport> noReport() {
        return Optional.empty();
    }
}
