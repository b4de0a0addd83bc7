package dev.socratic.trainer.storage;

import java.io.IOException;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Requests that follow redirects by hand, so that credentials stay with the host they were given for. On
 * HttpURLConnection, because its read timeout also ends a body that has stopped coming; HttpClient's covers only headers.
 */
final class Http {
    private static final int MOST_REDIRECTS = 10;
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(15);
    private static final Duration READ_TIMEOUT = Duration.ofSeconds(60);
    private static final String USER_AGENT = "socratic-trainer";

    private final URI trusted;
    private final Optional<AccessToken> token;

    /** The token goes to the scheme, host and port of {@code trusted} and nowhere else. */
    Http(URI trusted, Optional<AccessToken> token) {
        this.trusted = trusted;
        this.token = token;
    }

    enum Redirects {
        /** To wherever the content is. */
        ALL,
        /** Only on the same host: the answer that points elsewhere describes the file and is itself the result. */
        SAME_HOST
    }

    /** What a request carries; each sending reads it anew. */
    interface Content {
        long length();

        void writeTo(OutputStream body) throws IOException;

        static Content of(byte[] bytes) {
            return new Content() {
                @Override
                public long length() {
                    return bytes.length;
                }

                @Override
                public void writeTo(OutputStream body) throws IOException {
                    body.write(bytes);
                }
            };
        }

        /** A part of a file. */
        static Content of(Path file, long from, long length) {
            return new Content() {
                @Override
                public long length() {
                    return length;
                }

                @Override
                public void writeTo(OutputStream body) throws IOException {
                    try (FileChannel part = FileChannel.open(file)) {
                        WritableByteChannel target = Channels.newChannel(body);
                        for (long sent = 0; sent < length; ) {
                            sent += part.transferTo(from + sent, length - sent, target);
                        }
                    }
                }
            };
        }
    }

    /** The answer to a request with content; redirects are not followed. The caller closes it. */
    HttpAnswer send(String method, URI target, Map<String, String> headers, Content content) throws IOException {
        HttpURLConnection connection = prepared(method, target, headers);
        connection.setDoOutput(true);
        connection.setFixedLengthStreamingMode(content.length());
        try (OutputStream body = connection.getOutputStream()) {
            content.writeTo(body);
        }
        connection.getResponseCode();
        return new HttpAnswer(target, connection);
    }

    /** An answer with any status but a followed redirect. The caller closes it. */
    HttpAnswer send(String method, URI target, Map<String, String> headers, Redirects redirects) throws IOException {
        URI at = target;
        for (int hop = 0; hop <= MOST_REDIRECTS; hop++) {
            HttpURLConnection connection = prepared(method, at, headers);
            connection.getResponseCode();
            HttpAnswer answer = new HttpAnswer(at, connection);
            if (!answer.isRedirect()) {
                return answer;
            }
            URI next = at.resolve(location(answer));
            if (redirects == Redirects.SAME_HOST && !sameOrigin(at, next)) {
                return answer;
            }
            answer.close();
            if (at.getScheme().equals("https") && !next.getScheme().equals("https")) {
                throw new IOException("redirect from https to " + next.getScheme() + "://" + next.getHost());
            }
            at = next;
        }
        throw new IOException("more than " + MOST_REDIRECTS + " redirects from " + target.getHost());
    }

    private HttpURLConnection prepared(String method, URI target, Map<String, String> headers) throws IOException {
        URL url = target.toURL();
        HttpURLConnection connection = (HttpURLConnection) url.openConnection();
        connection.setRequestMethod(method);
        connection.setInstanceFollowRedirects(false);
        connection.setUseCaches(false);
        connection.setConnectTimeout((int) CONNECT_TIMEOUT.toMillis());
        connection.setReadTimeout((int) READ_TIMEOUT.toMillis());
        connection.setRequestProperty("User-Agent", USER_AGENT);
        connection.setRequestProperty("Accept-Encoding", "identity");
        headers.forEach(connection::setRequestProperty);
        if (token.isPresent() && sameOrigin(trusted, target)) {
            connection.setRequestProperty(
                    "Authorization", "Bearer " + token.get().value());
        }
        return connection;
    }

    private static URI location(HttpAnswer answer) throws IOException {
        String location = answer.header("Location").orElseThrow(() -> new IOException("redirect without Location"));
        try {
            return new URI(location);
        } catch (URISyntaxException malformed) {
            throw new IOException("redirect to a malformed address", malformed);
        }
    }

    static boolean sameOrigin(URI one, URI other) {
        return Objects.equals(one.getScheme(), other.getScheme())
                && one.getHost() != null
                && one.getHost().equalsIgnoreCase(other.getHost())
                && port(one) == port(other);
    }

    private static int port(URI address) {
        return address.getPort() >= 0 ? address.getPort() : "https".equals(address.getScheme()) ? 443 : 80;
    }
}
