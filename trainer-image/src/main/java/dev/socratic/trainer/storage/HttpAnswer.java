package dev.socratic.trainer.storage;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;

/** Status, headers and body of one answer. */
final class HttpAnswer implements AutoCloseable {
    private final URI address;
    private final HttpURLConnection connection;

    HttpAnswer(URI address, HttpURLConnection connection) {
        this.address = address;
        this.connection = connection;
    }

    int status() throws IOException {
        return connection.getResponseCode();
    }

    boolean isRedirect() throws IOException {
        return switch (status()) {
            case 301, 302, 303, 307, 308 -> true;
            default -> false;
        };
    }

    boolean isSuccess() throws IOException {
        return status() / 100 == 2;
    }

    /** The server is overloaded or ill: the same request may succeed later. */
    void throwIfBusy() throws IOException {
        int status = status();
        if (status == 408 || status == 425 || status == 429 || status >= 500) {
            throw new BusyServer(
                    status, header("Retry-After").map(HttpAnswer::seconds).orElse(Duration.ZERO));
        }
    }

    /** The host that answered, for messages: queries of signed addresses are secrets. */
    String host() {
        return address.getHost();
    }

    Optional<String> header(String name) {
        return Optional.ofNullable(connection.getHeaderField(name));
    }

    /** -1 when the server does not say. */
    long contentLength() {
        return connection.getContentLengthLong();
    }

    InputStream body() throws IOException {
        return connection.getInputStream();
    }

    /** The date form of Retry-After is not worth a parser: the policy's own pause does. */
    private static Duration seconds(String retryAfter) {
        return retryAfter.matches("\\d{1,6}") ? Duration.ofSeconds(Long.parseLong(retryAfter)) : Duration.ZERO;
    }

    @Override
    public void close() {
        connection.disconnect();
    }
}
