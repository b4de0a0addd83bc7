package dev.socratic.operator.progress;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;

/** Asks a trainer for its progress; a trainer that does not answer in time has none to tell. */
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

    Optional<TrainerReport> ask(ProgressEndpoint endpoint) {
        try {
            URI uri = new URI("http", null, endpoint.host(), port, "/progress", null, null);
            HttpRequest request = HttpRequest.newBuilder(uri).timeout(timeout).build();
            HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
            return response.statusCode() == OK ? TrainerReport.parse(response.body()) : Optional.empty();
        } catch (IOException | URISyntaxException | IllegalArgumentException noAnswer) {
            return Optional.empty();
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }
}
